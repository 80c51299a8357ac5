"""Recording a camera or a stream in segments that are signed while the recording goes on."""
