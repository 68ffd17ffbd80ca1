import Codecs
import Raster
import Testing

struct UprightRowReaderTests {
    private func rows(_ reader: any ImageRowReader, step: Int) throws -> [UInt8] {
        let header = reader.header
        var bytes = [UInt8](repeating: 0, count: header.pixelBytes)
        try bytes.withUnsafeMutableBytes { bytes in
            for row in stride(from: 0, to: header.height, by: step) {
                let count = min(step, header.height - row)
                try reader.readRows(into: UnsafeMutableRawBufferPointer(rebasing: bytes[(row * header.rowBytes)...]), count: count)
            }
        }
        return bytes
    }

    @Test(arguments: 2...8)
    func `turned by strips, in memory or through a file, as the whole picture is`(orientation: Int) throws {
        for image in Drawn.all(61, 47) + Drawn.all(1, 9) + Drawn.all(5, 1) {
            let whole = image.oriented(orientation)
            for (inMemory, working) in [(1 << 20, 1 << 20), (0, 1000), (1 << 20, 300), (0, 1)] {
                let reader = try UprightRowReader(
                    MemoryRowReader(image, format: .png), orientation: orientation, scratch: "/tmp/ship-upright", inMemory: inMemory, workingBytes: working)
                #expect(reader.header.width == whole.width && reader.header.height == whole.height)
                #expect(try rows(reader, step: working > 1000 ? 7 : 1) == Drawn.bytes(whole))
            }
        }
    }

    @Test func `a folder that cannot be written is an error`() throws {
        #expect(throws: CodecError.self) {
            try UprightRowReader(MemoryRowReader(Drawn.gray8(3, 3), format: .png), orientation: 6, scratch: "/none/such/a.png", inMemory: 0)
        }
    }
}
