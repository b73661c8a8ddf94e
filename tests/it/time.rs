//! Both sides of every deadline, and clocks that jump.
