"""Views that fill every slot of every layout, without the pages behind them."""

from dataclasses import replace

from appliance.ui.view import (
    Action,
    Keypad,
    Layout,
    Pointer,
    Role,
    Row,
    Strip,
    StripKind,
    Tile,
    View,
)

HELP = Action(name="help", text="Hjelp", icon="help", spoken="Hjelp")
ADJUST = Action(name="adjust", text="Tilpass", icon="adjust", spoken="Tilpass")
BACK = Action(name="back", text="Tilbake", icon="back", spoken="Tilbake")
STEPS = ("Skann", "Betal", "Kvittering")


def choice(name: str, text: str, icon: str, **more: object) -> Action:
    return Action(name=name, text=text, icon=icon, spoken=text, **more)


def primary(name: str, text: str, icon: str) -> Action:
    return Action(name=name, text=text, icon=icon, role=Role.PRIMARY, spoken=text)


GOODS = (
    ("Tine Lettmelk 1 % 1,75 l", "36,90", "2 x", "18,45 kr stykket"),
    ("Grovbrød", "42,50", "", ""),
    ("Epler, røde", "21,05", "", "0,482 kg x 43,67 kr per kg"),
    ("Kaffe, filtermalt 500 g", "64,90", "", ""),
    ("Solo 1,5 l", "29,90", "", ""),
    ("Pant", "3,00", "", ""),
    ("Pilsner 0,5 l", "34,90", "", "Venter på en ansatt"),
    ("Smør", "49,90", "", ""),
)


def rows(count: int) -> tuple[Row, ...]:
    found = []
    for i in range(count):
        text, amount, quantity, note = GOODS[i % len(GOODS)]
        found.append(
            Row(
                key=str(i),
                text=text,
                name=f"line:{i}",
                amount=amount,
                quantity=quantity,
                note=note,
                fresh=i == count - 1,
            )
        )
    return tuple(found)


def view(page: str, layout: Layout, **more: object) -> View:
    base = {"revision": 1, "shop": "Kvitt Nærbutikk", "steps": STEPS, "bar": (HELP, ADJUST)}
    return View(page=page, layout=layout, **{**base, **more})


ATTRACT = view(
    "attract",
    Layout.ATTRACT,
    step=0,
    top_right="Kun kort",
    title="Skann den første varen",
    sentence="eller trykk Start",
    choices=(
        choice("language:nb", "Norsk", "language", selected=True),
        choice("language:nn", "Nynorsk", "language"),
        choice("language:en", "English", "language"),
        choice("language:zh", "中文", "language"),
    ),
    primary=primary("start", "Start", "start"),
)
BASKET = view(
    "basket",
    Layout.BASKET,
    step=1,
    title="Skann varene dine",
    rows=rows(4),
    last_text="Kaffe, filtermalt 500 g",
    last_amount="64,90 kr",
    amount="165,35 kr",
    amount_label="Å betale",
    primary=primary("pay", "Betal 165,35 kr", "pay"),
    bar=(HELP, choice("no_barcode", "Uten strekkode", "search"), ADJUST),
)
BASKET_LONG = replace(BASKET, page="basket_long", rows=rows(40), last_text="Smør", last_amount="49,90 kr")
BASKET_EMPTY = replace(
    BASKET,
    page="basket_empty",
    rows=(),
    last_text="",
    last_amount="",
    amount="",
    primary=None,
    empty="Skann varene dine",
)
BASKET_UNDO = replace(
    BASKET, page="basket_undo", undo=Action(name="undo", text="Angre", icon="undo", note="Fjernet.", spoken="Angre")
)
BASKET_HELP = replace(
    BASKET, page="basket_help", strip=Strip(text="En ansatt kommer", kind=StripKind.INFO), rows=rows(7)
)
TRAINING = replace(BASKET, page="training", training="TRENING - ikke et ekte salg")
UNKNOWN = view(
    "unknown_item",
    Layout.QUESTION,
    step=1,
    icon="unknown",
    title="Vi kjenner ikke denne varen",
    sentence="Skann igjen, finn den, eller få hjelp.",
    choices=(choice("find", "Finn vare", "search"), choice("get_help", "Få hjelp", "help")),
    primary=primary("carry_on", "Fortsett", "check"),
)
ADJUSTING = view(
    "adjust",
    Layout.QUESTION,
    step=1,
    icon="adjust",
    title="Hva kan hjelpe deg?",
    sentence="Valgene gjelder til du er ferdig. Du kan også bruke hodetelefoner.",
    choices=(
        choice("larger", "Større tekst", "larger", note="Av"),
        choice("contrast", "Mer kontrast", "contrast", note="På", selected=True),
        choice("lower", "Lavere knapper", "lower", note="Av"),
        choice("calm", "Roligere skjerm", "calm", note="Av"),
    ),
    bar=(HELP, BACK, ADJUST),
)
CHOOSE = view(
    "choose_payment",
    Layout.QUESTION,
    step=2,
    icon="pay",
    title="Hvordan vil du betale?",
    amount="165,35 kr",
    amount_label="Å betale",
    choices=(
        choice("card", "Kort", "card"),
        choice("phone", "Mobil", "phone"),
        choice("gift_card", "Gavekort", "gift_card"),
        choice("cash", "Kontant", "cash"),
    ),
    bar=(HELP, choice("back", "Tilbake til varene", "back"), ADJUST),
)
RECEIPT = view(
    "receipt",
    Layout.QUESTION,
    step=3,
    icon="receipt",
    title="Vil du ha kvittering?",
    sentence="165,35 kr er betalt med kort.",
    choices=(
        choice("digital", "QR til mobilen", "qr"),
        choice("none", "Ingen kvittering", "no_receipt"),
    ),
    primary=primary("paper", "Skriv ut", "print"),
)
SEARCH = view(
    "search",
    Layout.GRID,
    step=1,
    title="Finn vare",
    tabs=(
        choice("tab:fruit", "Frukt", "basket", selected=True),
        choice("tab:veg", "Grønt", "basket"),
        choice("tab:bread", "Brød", "basket"),
    ),
    choices=(choice("number", "Navn eller nummer", "keypad"),),
    tiles=tuple(
        Tile(name=f"item:{i}", text=text, note="24,90 kr/kg", picture=picture, spoken=text)
        for i, (text, picture) in enumerate(
            (
                ("Epler, røde", "apple"),
                ("Bananer", "banana"),
                ("Økologiske pærer", "pear"),
                ("Appelsiner", "orange"),
                ("Druer", ""),
                ("Vannmelon, hel", ""),
                ("Kiwi", "kiwi"),
                ("Sitron", "lemon"),
            )
        )
    ),
    primary=primary("more", "Flere 1/4", "more"),
    bar=(HELP, BACK, ADJUST),
)
QUANTITY = view(
    "quantity",
    Layout.KEYPAD,
    step=1,
    title="Hvor mange?",
    sentence="Tine Lettmelk 1 % 1,75 l",
    keypad=Keypad(
        entry="12",
        hint="Du kan ta 10 av denne. Spør en ansatt om flere.",
        keys=("1", "2", "3", "4", "5", "6", "7", "8", "9", "back", "0", ""),
    ),
    choices=(choice("key:minus", "En mindre", "minus"), choice("key:plus", "En til", "plus")),
    primary=primary("ok", "OK", "check"),
    bar=(HELP, BACK, ADJUST),
)
LETTERS = view(
    "name",
    Layout.KEYPAD,
    step=1,
    title="Finn vare",
    keypad=Keypad(entry="GUL", hint="3 varer", keys=(), letters=(*"ABDEFGHIJKLMNOPRSTUVYÆØÅ", "back")),
    primary=primary("ok", "Vis", "check"),
    bar=(HELP, BACK, ADJUST),
)
CARD = view(
    "card",
    Layout.STATUS,
    step=2,
    icon="card",
    pointer=Pointer.RIGHT,
    title="Følg terminalen",
    sentence="Sett inn, hold eller dra kortet.",
    amount="165,35 kr",
    bar=(HELP, ADJUST, Action(name="cancel", text="Avbryt betalingen", icon="cross", role=Role.STOP, spoken="Avbryt")),
)
DOUBT = view(
    "outcome_unknown",
    Layout.STATUS,
    step=2,
    icon="clock",
    title="Vi sjekker betalingen",
    sentence="Ikke betal på nytt. En ansatt kommer.",
    strip=Strip(text="Hjelp er på vei", kind=StripKind.INFO),
    bar=(HELP, ADJUST),
)
THANKS = view(
    "thank_you",
    Layout.STATUS,
    step=3,
    icon="check",
    title="Takk for handelen!",
    sentence="Husk kort og varer.",
    choices=(choice("paper", "Skriv ut kvittering", "print"),),
)
RECEIPT_QR = view(
    "receipt_qr",
    Layout.STATUS,
    step=3,
    qr="https://kvittering.example.no/r/8f3a1c9e7b2d4f60",
    title="Skann for å få kvittering",
    sentence="Åpne kameraet på mobilen og pek på koden.",
    choices=(choice("more_time", "Mer tid", "clock"),),
    primary=primary("done", "Ferdig", "check"),
)
STILL_THERE = view(
    "still_there",
    Layout.QUESTION,
    step=1,
    icon="clock",
    title="Er du der fortsatt?",
    sentence="Vi tømmer kurven om 30 sekunder.",
    choices=(choice("cancel_all", "Avbryt alt", "remove", role=Role.STOP),),
    primary=primary("yes", "Ja, fortsett", "check"),
)
CHANGE = view(
    "change",
    Layout.STATUS,
    step=3,
    icon="cash",
    title="Tilbake",
    sentence="Neste skann starter neste salg.",
    amount="1 964,00 kr",
    large_amount=True,
    choices=(choice("receipt", "Kvittering", "receipt"),),
    primary=primary("next_sale", "Neste salg", "basket"),
)
CASH = view(
    "cash",
    Layout.KEYPAD,
    step=0,
    title="Kontant 1 236,00 kr",
    sentence="Øreavrunding -0,40",
    keypad=Keypad(entry="1300", hint="Tilbake 64,00 kr", keys=(*"123456789", "back", "0", ",")),
    choices=tuple(choice(f"given:{kr}", f"{kr} kr", "cash") for kr in (1400, 1500, 2000)),
    primary=primary("ok", "OK", "check"),
    bar=(BACK,),
)
DOUBT_FACTS = view(
    "resolve_payment",
    Layout.LIST,
    step=0,
    title="Usikker betaling",
    top_right="Kari",
    detail=(
        ("Beløp", "1 236,40 kr"),
        ("Terminal", "terminal ved kassen"),
        ("Tid", "12:00"),
        ("Terminalen sier", "the terminal does not repeat its last transaction: not possible now"),
    ),
    sentence="Se i terminalens egen liste etter en betaling på 1 236,40 kr kl. 12:00.",
    choices=(choice("ask_again", "Spør igjen", "refresh"), choice("was_not_paid", "Ble ikke betalt", "cross")),
    primary=primary("was_paid", "Ble betalt", "check"),
    bar=(BACK,),
)
CLOSED = view(
    "closed",
    Layout.STATUS,
    icon="lock",
    title="Kassen er stengt",
    sentence="Bruk en annen kasse.",
    bar=(HELP,),
)
DEVICES = view(
    "devices",
    Layout.LIST,
    title="Enheter",
    top_right="Kari | Enheter",
    rows=tuple(
        Row(key=name, text=name, name=f"row:{name}", note=note, amount=state, selected=name == "Skriver")
        for name, state, note in (
            ("Skanner", "På nett", ""),
            ("Skriver", "Tom for papir", "siden 10.42"),
            ("Skuff", "På nett", ""),
            ("Terminal", "På nett", ""),
            ("Lys", "Av", ""),
            ("Sentral", "Frakoblet", "17 salg venter"),
        )
    ),
    tabs=(
        choice("tab:waiting", "Venter", "bag", selected=False),
        choice("tab:devices", "Enheter", "device", selected=True),
        choice("tab:sale", "Salg", "receipt"),
    ),
    detail=(("Skriver", "Tom for papir"), ("Hva kan gjøres", "Bytt papirrull.")),
    choices=(choice("test", "Test", "print"),),
    primary=primary("done", "Ferdig", "sign_off"),
    bar=(BACK,),
)

VIEWS: dict[str, View] = {
    sample.page: sample
    for sample in (
        ATTRACT,
        BASKET,
        BASKET_LONG,
        BASKET_EMPTY,
        BASKET_UNDO,
        BASKET_HELP,
        TRAINING,
        UNKNOWN,
        ADJUSTING,
        CHOOSE,
        RECEIPT,
        SEARCH,
        QUANTITY,
        LETTERS,
        CARD,
        DOUBT,
        THANKS,
        RECEIPT_QR,
        STILL_THERE,
        CHANGE,
        CASH,
        DOUBT_FACTS,
        CLOSED,
        DEVICES,
    )
}
