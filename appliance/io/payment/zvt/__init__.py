"""The ZVT card terminal: framing, fields, dialogues and judgement without I/O, then the driver.

Sources, quoted as [Z15 section] and [Z16 section]: PA00P015 revision 13.08 (commands, bitmaps, errors) and PA00P016
revision 04 (transport and application protocol), both of the Verband der Terminalhersteller in Deutschland.
"""
