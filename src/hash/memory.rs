//! Memory for Argon2id: every page of it is touched, so page faults are a good part of the time of a
//! hash.

use argon2::Block;
use memmap2::MmapMut;
use std::io;

/// Size of a huge page in bytes, on x86-64 and on AArch64 with pages of 4 KiB.
const HUGE: usize = 2 << 20;

/// Memory that is used for one hash after another.
///
/// Allocated by the first hash, and kept while the next one needs the same size.
#[derive(Default)]
pub struct Memory(Option<Region>);

impl Memory {
    /// Returns `count` blocks of 1 KiB; they may hold bytes of an earlier hash.
    pub(super) fn blocks(&mut self, count: usize) -> io::Result<&mut [Block]> {
        let kept = self.0.take().filter(|region| region.count == count);
        // Memory of another size was freed by now: there may be no room for both.
        let region = match kept {
            Some(region) => region,
            None => Region::new(count)?,
        };
        Ok(self.0.insert(region).blocks())
    }
}

/// Mapped pages that hold `count` blocks.
struct Region {
    map: MmapMut,
    /// Offset of the blocks in the map, in bytes.
    start: usize,
    count: usize,
}

impl Region {
    /// Maps memory for `count` blocks, from 2 MiB on in huge pages: each saves hundreds of page faults.
    ///
    /// If the system has no huge pages, ordinary ones work too, but slower.
    fn new(count: usize) -> io::Result<Self> {
        let size = count * Block::SIZE;
        if size < HUGE {
            return Ok(Region {
                map: MmapMut::map_anon(size)?,
                start: 0,
                count,
            });
        }
        // A map may start at any small page: one huge page more leaves room to align the blocks.
        let map = MmapMut::map_anon(size.next_multiple_of(HUGE) + HUGE)?;
        #[cfg(target_os = "linux")]
        drop(map.advise(memmap2::Advice::HugePage));
        let start = map.as_ptr().align_offset(HUGE);
        Ok(Region { map, start, count })
    }

    fn blocks(&mut self) -> &mut [Block] {
        let bytes = &mut self.map[self.start..][..self.count * Block::SIZE];
        // SAFETY: a block is an array of integers, so any bytes are valid.
        #[allow(unsafe_code, reason = "the map is bytes, and the hash takes blocks")]
        let (_, blocks, _) = unsafe { bytes.align_to_mut::<Block>() };
        blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_blocks_as_asked_for_lie_at_the_start_of_a_page() {
        let mut memory = Memory::default();
        for count in [8, 1, 2048, 2049, 7168, 7168, 8, 65536] {
            let blocks = memory.blocks(count).unwrap();
            assert_eq!(blocks.len(), count);
            let page = if count >= 2048 { HUGE } else { 4096 };
            assert_eq!(blocks.as_ptr().align_offset(page), 0, "{count}");
        }
    }

    #[test]
    fn memory_that_fits_is_kept() {
        let mut memory = Memory::default();
        memory.blocks(64).unwrap()[63].as_mut()[127] = 1;
        assert_eq!(memory.blocks(64).unwrap()[63].as_ref()[127], 1);
        assert_eq!(memory.blocks(65).unwrap()[63].as_ref()[127], 0);
    }
}
