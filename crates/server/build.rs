//! Builds the crate again when the web application was built again: what is embedded is not seen by cargo.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../../web/dist");
}
