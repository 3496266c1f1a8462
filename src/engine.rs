//! Documents asked about × rules that apply, in parallel.
