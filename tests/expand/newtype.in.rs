pub struct UserId(pub u64);
