"""What the machine is doing: GPUs, CPU, memory, disk. One module per source, all behind ``base``."""
