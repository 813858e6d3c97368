//! What discoveries tell, and what is refused.
