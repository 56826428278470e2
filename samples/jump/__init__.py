"""The second clip: two snowboarders jump over a kicker, filmed by somebody who turns and rolls the camera with them."""
