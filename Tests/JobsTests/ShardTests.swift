import Jobs
import Testing

@Test func `every hash belongs to exactly one shard, and shards are about equally large`() {
    let hashes = (0..<2000).map { number in
        // Spread like a checksum; which numbers does not matter.
        let value = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
    for count in [1, 2, 7] {
        let sizes = (1...count).map { index in hashes.filter { Shard(index: index, count: count).contains(sha256: $0) }.count }
        #expect(sizes.reduce(0, +) == hashes.count)
        for size in sizes { #expect(abs(size - hashes.count / count) < hashes.count / count / 5 + 1) }
    }
}

@Test(arguments: ["0/3", "4/3", "1/0", "1", "a/b", "1/2/3", "", "-1/2", "1/1000000"])
func `a shard is written i of n`(text: String) {
    #expect(Shard(text) == nil)
    #expect(Shard("3/8") == Shard(index: 3, count: 8))
    #expect(Shard("3/8")?.description == "3/8")
}
