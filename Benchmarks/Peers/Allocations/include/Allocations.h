#pragma once

/// How many blocks of memory this process has asked for so far: malloc, calloc, realloc and their like.
unsigned long omni_allocations(void);
