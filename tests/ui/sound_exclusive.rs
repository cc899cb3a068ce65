// 4 errors: facet 0.50.0-rc.7 and whoever else writes through a shared reference: what is looked at does not change meanwhile
use hydra::{Dynamic, Editor, Value, ValueMut};

fn looked_at(mut pair: (u8, String)) {
    let text = Value::of(&pair).field("1").unwrap().get::<&str>().unwrap();
    ValueMut::of(&mut pair).field("1").unwrap().set("other".to_string()).unwrap();
    println!("{text}");
}

fn twice(mut pair: (u8, String)) {
    let mut value = ValueMut::of(&mut pair);
    let (first, second) = (value.reborrow().field("0"), value.reborrow().field("0"));
    drop((first, second));
}

fn data(mut dynamic: Dynamic) {
    let old = dynamic.value();
    dynamic.value_mut().set(1u8).unwrap();
    println!("{old}");
}

fn staged(mut editor: Editor) {
    let record = editor.record("Log", 0).unwrap();
    editor.discard();
    drop(record);
}

fn main() {}
