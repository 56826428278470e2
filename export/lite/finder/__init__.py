"""MoveNet MultiPose as a finder of people in cut-outs: uint8 image in, boxes and scores out."""
