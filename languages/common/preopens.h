#pragma once

// Forgets which directories are open, until a path is next used.
void preopens_forget(void);
