import Raster

extension ObjectLayer {
    /// The layer as one file, which belongs to one state of the objects of one image: `owner` is the image's identity, `revision` the number of that state.
    ///
    /// All numbers little-endian: "SHIPOBJ1", checksum of the rest, revision, width, height, tile size, number of objects, length of owner and tags,
    /// these texts, then the arrays of this class one after the other.
    package func encoded(owner: String, revision: Int64) -> [UInt8] {
        let native = layout.levels[layout.levels.count - 1]
        let texts = Array(([owner] + tags.flatMap { [$0.kind, $0.rule ?? "", $0.rule == nil ? "0" : "1"] }).joined(separator: "\n").utf8)
        let head = [revision, Int64(native.width), Int64(native.height), Int64(layout.tileSize), Int64(count), Int64(texts.count)]
        var bytes = Self.mark
        bytes.reserveCapacity(byteCount + texts.count + 200)
        for number in [Int64(bitPattern: checksum(head: head[...], texts: texts))] + head { withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) } }
        bytes += texts
        forEachSection { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// - Parameters:
    ///   - size: of the file.
    ///   - read: fills the buffer from the file, from this offset; false when it cannot. Called with rising offsets, so that nothing is held twice.
    /// - Returns: nil for anything but a whole file that `encoded` made for this image and these levels. Whatever the bytes hold, what is
    ///   returned can be drawn.
    package static func decode(
        size: Int, owner: String, layout: PyramidLayout, read: (UnsafeMutableRawBufferPointer, Int) -> Bool
    ) -> (layer: ObjectLayer, revision: Int64)? {
        var at = 0
        func array<Element: BitwiseCopyable>(_ type: Element.Type, _ count: Int) -> [Element]? {
            let stride = MemoryLayout<Element>.stride
            guard count >= 0, count <= (size - at) / stride else { return nil }
            var isRead = true
            let array = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
                let bytes = UnsafeMutableRawBufferPointer(buffer)
                isRead = count == 0 || read(.init(rebasing: bytes[..<(count * stride)]), at)
                initialized = isRead ? count : 0
            }
            at += count * stride
            return isRead ? array : nil
        }
        guard let start = array(UInt8.self, 8), start == mark, let head = array(Int64.self, 7) else { return nil }
        let expected = UInt64(bitPattern: Int64(littleEndian: head[0]))
        let native = layout.levels[layout.levels.count - 1]
        guard head[2] == native.width, head[3] == native.height, head[4] == layout.tileSize, let count = Int(exactly: head[5]), count < Int(Int32.max),
            let length = Int(exactly: head[6]), let texts = array(UInt8.self, length)
        else { return nil }
        let lines = String(decoding: texts, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count % 3 == 1, lines[0] == owner, lines.count / 3 <= Int(UInt16.max) else { return nil }
        let tags = stride(from: 1, to: lines.count, by: 3).map { ObjectTag(kind: lines[$0], rule: lines[$0 + 2] == "0" ? nil : lines[$0 + 1]) }
        guard let ids = array(Int64.self, count), let revisions = array(Int64.self, count), let areas = array(Int32.self, count), let boxes = array(Box.self, count),
            let tagIndices = array(UInt16.self, count), zip(ids, ids.dropFirst()).allSatisfy({ $0 < $1 }), tagIndices.allSatisfy({ $0 < tags.count }),
            boxes.allSatisfy({ $0.minX < $0.maxX && $0.minY < $0.maxY && Int($0.maxX) - Int($0.minX) < 1 << 28 })
        else { return nil }
        var levels: [Level] = []
        for shift in layout.levels.indices {
            guard let offsets = array(UInt32.self, count + 1), let last = offsets.last, offsets[0] == 0, let bytes = array(UInt8.self, Int(last) + 8) else { return nil }
            // A narrow object has exactly its bytes, a wide one at least a table; reading runs never goes farther than its end.
            let fits = offsets.withUnsafeBufferPointer { offsets in
                boxes.withUnsafeBufferPointer { boxes in
                    (0..<count).allSatisfy { index in
                        let size = boxes[index].scaled(shift)
                        let own = Int(offsets[index + 1]) - Int(offsets[index])
                        return size.width <= ObjectRows.narrow ? own == ObjectRows.rowBytes(size.width) * size.height : own >= 4 * ((size.height - 1) >> 6)
                    }
                }
            }
            guard fits else { return nil }
            levels.append(Level(offsets: offsets, bytes: bytes))
        }
        let layer = ObjectLayer(layout: layout, ids: ids, revisions: revisions, areas: areas, boxes: boxes, tags: tags, tagIndices: tagIndices, levels: levels)
        guard at == size, layer.checksum(head: head[1...], texts: texts) == expected else { return nil }
        return (layer, head[1])
    }

    /// The sections of the file after the texts, in their order.
    private func forEachSection(_ body: (UnsafeRawBufferPointer) -> Void) {
        ids.withUnsafeBytes(body)
        revisions.withUnsafeBytes(body)
        areas.withUnsafeBytes(body)
        boxes.withUnsafeBytes(body)
        tagIndices.withUnsafeBytes(body)
        for level in levels {
            level.offsets.withUnsafeBytes(body)
            level.bytes.withUnsafeBytes(body)
        }
    }

    private func checksum(head: ArraySlice<Int64>, texts: [UInt8]) -> UInt64 {
        var sum: UInt64 = 1
        for number in head { sum = (sum ^ UInt64(bitPattern: number)) &* 0x9E37_79B9_7F4A_7C15 }
        texts.withUnsafeBytes { sum = Self.checksum($0, sum) }
        forEachSection { sum = Self.checksum($0, sum) }
        return sum
    }

    private static let mark = Array("SHIPOBJ1".utf8)

    /// Of damage, not of forgery; eight bytes a step, because a file of a dense frame has tens of millions.
    private static func checksum(_ bytes: UnsafeRawBufferPointer, _ start: UInt64) -> UInt64 {
        var sum = start ^ UInt64(bytes.count)
        var at = 0
        while at + 8 <= bytes.count {
            sum = (sum ^ UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))) &* 0x9E37_79B9_7F4A_7C15
            sum ^= sum >> 29
            at += 8
        }
        while at < bytes.count {
            sum = (sum ^ UInt64(bytes[at])) &* 0x9E37_79B9_7F4A_7C15
            at += 1
        }
        return sum
    }
}
