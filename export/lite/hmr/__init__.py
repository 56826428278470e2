"""BlazePose, closed-form inverse kinematics and the stand-in body as one model with HMR2's outputs."""
