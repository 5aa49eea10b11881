//! A believable organization.
