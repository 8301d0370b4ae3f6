"""Not drawn yet."""

from pages.drawing import draw_title

draw_title()
