"""The SMPL body: reading the licensed pickle safely, `body_model.npz`, and the layer that poses it."""
