# Litmus tests of the memory order: what x86 forbids must not be seen.
/checks/litmus $LITMUS_SCALE
