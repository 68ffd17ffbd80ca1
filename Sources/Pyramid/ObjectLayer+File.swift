import Raster

extension ObjectLayer {
    /// The layer as one file, which belongs to one state of the objects of one image: `owner` is the image's identity, `revision` the number of that state.
    ///
    /// All numbers little-endian: "SHIPOBJ1", checksum of the rest, revision, width, height, tile size, number of objects, length of owner and tags,
    /// these texts, then the arrays of this class one after the other.
    package func encoded(owner: String, revision: Int64) -> [UInt8] {
        let native = layout.levels[layout.levels.count - 1]
        let texts = ([owner] + tags.flatMap { [$0.kind, $0.rule ?? "", $0.rule == nil ? "0" : "1"] }).joined(separator: "\n")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + texts.utf8.count + 200)
        bytes += Self.mark
        func append<Number: FixedWidthInteger>(_ number: Number) { withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) } }
        func append<Element: BitwiseCopyable>(_ array: [Element]) { array.withUnsafeBytes { bytes.append(contentsOf: $0) } }
        append(UInt64(0))
        for number in [revision, Int64(native.width), Int64(native.height), Int64(layout.tileSize), Int64(count), Int64(texts.utf8.count)] { append(number) }
        bytes += Array(texts.utf8)
        append(ids)
        append(revisions)
        append(areas)
        append(boxes)
        append(tagIndices)
        for level in levels {
            append(level.offsets)
            append(level.bytes)
        }
        let sum = bytes.withUnsafeBytes { Self.checksum(.init(rebasing: $0[16...])) }
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: sum.littleEndian, toByteOffset: 8, as: UInt64.self) }
        return bytes
    }

    /// - Returns: nil for anything but a whole file that `encoded` made for this image and these levels. Whatever the bytes hold, what is
    ///   returned can be drawn.
    package static func decode(_ file: [UInt8], owner: String, layout: PyramidLayout) -> (layer: ObjectLayer, revision: Int64)? {
        file.withUnsafeBytes { file in
            guard file.count >= 64, file.prefix(8).elementsEqual(mark), UInt64(littleEndian: file.loadUnaligned(fromByteOffset: 8, as: UInt64.self)) == checksum(.init(rebasing: file[16...]))
            else { return nil }
            var at = 16
            func number() -> Int64 {
                defer { at += 8 }
                return Int64(littleEndian: file.loadUnaligned(fromByteOffset: at, as: Int64.self))
            }
            func array<Element: BitwiseCopyable>(_ type: Element.Type, _ count: Int) -> [Element]? {
                let size = MemoryLayout<Element>.stride
                guard count >= 0, count <= (file.count - at) / size else { return nil }
                defer { at += count * size }
                return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
                    UnsafeMutableRawBufferPointer(buffer).copyMemory(from: .init(rebasing: file[at..<(at + count * size)]))
                    initialized = count
                }
            }
            let native = layout.levels[layout.levels.count - 1]
            let revision = number()
            guard number() == native.width, number() == native.height, number() == layout.tileSize else { return nil }
            let (count, length) = (Int(number()), Int(number()))
            guard let texts = array(UInt8.self, length), count < Int(Int32.max) else { return nil }
            let lines = String(decoding: texts, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            guard lines.count % 3 == 1, lines[0] == owner, lines.count / 3 <= Int(UInt16.max) else { return nil }
            let tags = stride(from: 1, to: lines.count, by: 3).map { ObjectTag(kind: lines[$0], rule: lines[$0 + 2] == "0" ? nil : lines[$0 + 1]) }
            guard let ids = array(Int64.self, count), let revisions = array(Int64.self, count), let areas = array(Int32.self, count), let boxes = array(Box.self, count),
                let tagIndices = array(UInt16.self, count), zip(ids, ids.dropFirst()).allSatisfy({ $0 < $1 }), tagIndices.allSatisfy({ $0 < tags.count }),
                boxes.allSatisfy({ $0.minX < $0.maxX && $0.minY < $0.maxY && Int($0.maxX) - Int($0.minX) < 1 << 28 })
            else { return nil }
            var levels: [Level] = []
            for shift in layout.levels.indices {
                guard let offsets = array(UInt32.self, count + 1), let last = offsets.last, let bytes = array(UInt8.self, Int(last) + 8), offsets[0] == 0 else { return nil }
                // A narrow object has exactly its bytes, a wide one at least a table; reading runs never goes farther than its end.
                for index in 0..<count {
                    let size = boxes[index].scaled(shift)
                    let expected = size.width <= ObjectRows.narrow ? ObjectRows.rowBytes(size.width) * size.height : 4 * ((size.height - 1) >> 6)
                    let own = Int(offsets[index + 1]) - Int(offsets[index])
                    guard size.width <= ObjectRows.narrow ? own == expected : own >= expected else { return nil }
                }
                levels.append(Level(offsets: offsets, bytes: bytes))
            }
            guard at == file.count else { return nil }
            return (ObjectLayer(layout: layout, ids: ids, revisions: revisions, areas: areas, boxes: boxes, tags: tags, tagIndices: tagIndices, levels: levels), revision)
        }
    }

    private static let mark = Array("SHIPOBJ1".utf8)

    /// Of damage, not of forgery; eight bytes a step, because a file of a dense frame has tens of millions.
    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var sum = UInt64(bytes.count) &* 0x9E37_79B9_7F4A_7C15
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
