"""What a NEA SMART 2.0 installation is: values in, values out, no I/O, no clock."""
