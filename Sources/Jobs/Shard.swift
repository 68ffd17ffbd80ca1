/// One of several parts of a set of images, by the hash of their bytes: the same on every machine, whatever the images are called and
/// wherever they lie.
package struct Shard: Codable, Sendable, Equatable, CustomStringConvertible {
    /// From 1.
    package var index: Int
    package var count: Int

    package init(index: Int, count: Int) {
        precondition((1...count).contains(index), "shard \(index) of \(count)")
        (self.index, self.count) = (index, count)
    }

    /// Written `i/n`, i from 1 to n; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]), (1...100_000).contains(count), (1...count).contains(index) else { return nil }
        (self.index, self.count) = (index, count)
    }

    package var description: String { "\(index)/\(count)" }

    /// - Parameter sha256: hexadecimal.
    package func contains(sha256: String) -> Bool {
        // 60 bits spread evenly over any number of shards.
        guard let number = UInt64(sha256.prefix(15), radix: 16) else { preconditionFailure("\(sha256) is no hash") }
        return Int(number % UInt64(count)) == index - 1
    }
}

/// What a project that holds one shard says about itself.
package enum ImportShard {
    package static let setting = "shard"
}
