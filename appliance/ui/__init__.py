"""The screen: pure pages and words, and the Kivy part that draws them."""
