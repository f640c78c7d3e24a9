#pragma once

// Nothing to call: what is linked with this waits for C11's conditions by the monotonic clock (steady.c).
