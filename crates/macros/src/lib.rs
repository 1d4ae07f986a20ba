//! The attributes and derives of nuthatch.
