"""The layouts: each a function from a View to the parts on the stage. Pure, no Kivy."""
