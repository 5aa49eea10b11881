//! What holds for every operation and every field: walks the declarations, so that nothing can be forgotten.

use crate::kit::App;

#[test]
fn list_operations() {
    let app = App::sqlite();
    for o in &app.server.operations {
        println!(
            "{} {} {} in={:?} out={:?} q={:?} f={:?} outside={}",
            o.method,
            o.id,
            o.path,
            o.input,
            o.output,
            o.query.iter().map(|p| (p.name, p.required)).collect::<Vec<_>>(),
            o.fields.iter().map(|p| (p.name, p.required)).collect::<Vec<_>>(),
            o.is_outside
        );
    }
}
