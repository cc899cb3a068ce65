use super::*;

/// Log lines; `REFERENCE` is their frame.
fn lines() -> Vec<u8> {
    let line = |i: u32| format!("GET /api/v1/orders/{} took {} ms\n", i * 7919 % 1000, i * i % 97);
    (0..40).flat_map(|i| line(i).into_bytes()).collect()
}

/// `lines` as version 1.5.7 of the C library compresses them at level 3.
const REFERENCE: &str = "\
    28b52ffd604204dd060072cc1f189029c506000fc9febaca70627b2eb27726990967fea5960b86e34010d1d6236f3c91dcb6\
    3a37b1d999ab523ff1649d920fcd3e1bbfee6ed790ced8f95d4bb1912279a6fe6f4a64a9b91559ab7c55f78423471aaba67e\
    ce33a631dfdf895474f5b28df17886e340087160180a841447420141825170a130401828080180804ea8413895efff069033\
    d33611a819127e44301f00ec21d9313905a1935fedf050fe9fb79cd5a24880025c093b006824ad8a04e5aa48ac59e4f0ac4c\
    611579527599362c78aa1e622d01226109cb3508cd75d592e7a2c5f2ab";

fn reference() -> Vec<u8> {
    let digits: Vec<u32> = REFERENCE.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

/// Makes a frame of a header after the magic number, and blocks.
fn frame(header: &[u8], blocks: &[&[u8]]) -> Vec<u8> {
    [&MAGIC.to_le_bytes()[..4], header, &blocks.concat()].concat()
}

/// The last block of a frame, stored as it is.
fn raw(content: &[u8]) -> Vec<u8> {
    let header = (content.len() as u32) << 3 | 1;
    [&header.to_le_bytes()[..3], content].concat()
}

fn read(frame: &[u8], size: usize) -> Result<Vec<u8>> {
    decompress(frame, size)
}

/// Reads a frame that must be refused, and returns why.
#[track_caller]
fn refused(frame: &[u8], size: usize) -> String {
    let error = read(frame, size).expect_err("a damaged frame was read");
    assert_eq!(error.kind(), ErrorKind::BadValue);
    error.to_string()
}

#[test]
fn streams_come_back() {
    let noise = |i: u64| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8;
    let streams = [
        lines(),
        vec![7; 64],
        lines().repeat(100),
        (0..200_000).map(|i| noise(i) % 7).collect(),
        (0..300_000).map(|i| if i % 50 < 25 { 0 } else { noise(i) }).collect(),
    ];
    for plain in streams {
        let frame = compress(&plain).expect("it saves an eighth");
        assert!(frame.len() <= plain.len() - plain.len().div_ceil(8));
        assert_eq!(read(&frame, plain.len()).unwrap(), plain);
    }
}

#[test]
fn what_saves_less_than_an_eighth_stays_as_it_is() {
    assert_eq!(compress(&[]), None);
    assert_eq!(compress(b"short"), None);
    let noise: Vec<u8> =
        (0..100_000_u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8).collect();
    for zeros in 0..40 {
        let plain = [&noise[..1000], &vec![0; zeros * 10]].concat();
        let whole = zrip::compress(&plain, LEVEL).unwrap().len() - 4;
        let saves = plain.len() - whole.min(plain.len()) >= plain.len().div_ceil(8);
        assert_eq!(compress(&plain).map(|frame| frame.len()), saves.then_some(whole));
    }
}

#[test]
fn frames_of_the_c_library_are_read() {
    assert_eq!(read(&reference(), lines().len()).unwrap(), lines());
    assert_eq!(compress(&lines()).unwrap().len(), 231, "the C library: 229");
}

#[test]
fn every_width_of_the_content_size_is_read() {
    let content = [&b"0123456789"[..]; 30].concat();
    let headers: [&[u8]; 5] = [
        &[0x60, 44, 0],
        &[0x40, 0x58, 44, 0],
        &[0xa0, 44, 1, 0, 0],
        &[0xe0, 44, 1, 0, 0, 0, 0, 0, 0],
        &[0x70, 44, 0], // the bit that decoders ignore
    ];
    for header in headers {
        assert_eq!(read(&frame(header, &[&raw(&content)]), 300).unwrap(), content, "{header:x?}");
    }
    assert_eq!(read(&frame(&[0x20, 10], &[&raw(&content[..10])]), 10).unwrap(), content[..10]);
    assert!(read(&frame(&[0x20, 0], &[&raw(&[])]), 0).unwrap().is_empty());
}

#[test]
fn the_content_size_is_compared_first() {
    let size = lines().len();
    for wrong in [0, 1, size - 1, size + 1, 2 * size] {
        assert!(refused(&reference(), wrong).contains("another size"));
    }
    // One that says 1 GiB, one that says 2^64 - 1, and runs that hold more than is said.
    assert!(refused(&frame(&[0xa0, 0, 0, 0, 0x40], &[&raw(b"x")]), 1).contains("another size"));
    assert!(
        refused(&frame(&[0xe0, 255, 255, 255, 255, 255, 255, 255, 255], &[&raw(b"x")]), 1)
            .contains("another size")
    );
    let run = [2, 0, 0x10, b'x'];
    let last = [3, 0, 0x10, b'x'];
    assert_eq!(read(&frame(&[0xa0, 0, 0, 4, 0], &[&run, &last]), 0x40000).unwrap(), vec![b'x'; 0x40000]);
    refused(&frame(&[0xa0, 0, 0, 4, 0], &[&run, &run, &last]), 0x40000);
    refused(&frame(&[0xa0, 0, 0, 4, 0], &[&last]), 0x40000);
    refused(&frame(&[0xa0, 1, 0, 2, 0], &[&[11, 0, 0x10, b'x']]), 0x20001); // longer than a block may be
}

#[test]
fn what_is_not_exactly_one_frame_is_refused() {
    let (good, size) = (reference(), lines().len());
    for cut in 0..good.len() {
        assert!(refused(&good[..cut], size).contains("cut short"), "{cut}");
    }
    assert!(refused(&[&good[..], &[0]].concat(), size).contains("bytes after it"));
    assert!(refused(&[&good[..], &good[..]].concat(), size).contains("bytes after it"));
    assert!(refused(&good, 2 * size).contains("another size"));
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2];
    assert!(refused(&[&skippable[..], &good[..]].concat(), size).contains("no magic"));
    assert!(refused(&[&good[..], &skippable[..]].concat(), size).contains("bytes after it"));
    assert!(refused(&skippable, 0).contains("no magic"));
}

#[test]
fn headers_that_the_format_excludes_are_refused() {
    let blocks = raw(b"0123456789");
    let with_checksum = [&frame(&[0x24, 10], &[&blocks])[..], &[1, 2, 3, 4]].concat();
    let with_dictionary = frame(&[0x21, 9, 10], &[&blocks]);
    for excluded in [with_checksum, with_dictionary, frame(&[0x28, 10], &[&blocks])] {
        assert!(refused(&excluded, 10).contains("a dictionary, a checksum or a reserved flag"));
    }
    assert!(refused(&frame(&[0x00, 0x58], &[&blocks]), 10).contains("no content size"));
    // A window of 1.875 x 2^41 bytes, and one of 256 MiB.
    let content = [7; 300];
    for window in [0xff, 0x90] {
        assert!(refused(&frame(&[0x40, window, 44, 0], &[&raw(&content)]), 300).contains("indow"));
    }
    // A block of the reserved type.
    refused(&frame(&[0x20, 10], &[&[0x57, 0, 0], b"0123456789"]), 10);
}

#[test]
fn damaged_bytes_are_read_or_refused_without_a_panic() {
    let long = compress(&lines().repeat(20)).unwrap();
    for (good, size) in [(reference(), lines().len()), (long, 20 * lines().len())] {
        for at in 0..good.len() {
            for change in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                let mut bad = good.clone();
                bad[at] ^= change;
                // What is neither the header nor a length may still be a frame, of other bytes.
                if let Ok(other) = read(&bad, size) {
                    assert_eq!(other.len(), size);
                }
            }
        }
    }
}

#[test]
fn a_frame_does_not_depend_on_streams_before_it() {
    let other = (0..200_000u32).flat_map(|i| (i / 7).to_le_bytes()).collect::<Vec<u8>>();
    let frame = compress(&lines());
    assert!(frame.is_some() && compress(&other).is_some());
    assert_eq!(compress(&lines()), frame);
    std::thread::scope(|scope| {
        let others = [(); 4].map(|()| scope.spawn(|| compress(&lines())));
        others.into_iter().for_each(|other| assert_eq!(other.join().unwrap(), frame));
    });
}
