//! What past cases teach: levels, features, votes, and how they are weighed against each other.

pub mod features;
