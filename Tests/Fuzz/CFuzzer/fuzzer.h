#pragma once
#include <stddef.h>
#include <stdint.h>

/// libFuzzer as a library: runs the callback over inputs until its options say stop, or one ends the process.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));
