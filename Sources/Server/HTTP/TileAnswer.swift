import NIOCore
import Pyramid

/// What all answers with tiles of one file to one kind of address have in common.
struct TileAnswer {
    private let tagStart: String
    private let end: String

    /// - Parameter name: which file the address asks for.
    init(_ file: PyramidFile, name: Substring?) {
        tagStart = "etag: \"\(file.name)-\(file.byteCount)-"
        end = "\"\r\ncache-control: \(file.caching(name: name))\r\n\(SecurityHeaders.dataLines)\r\n"
    }

    /// The answer as it is sent; nil outside the image, and where the file cannot be read (perhaps the stick was pulled).
    func tile(of file: PyramidFile, z: Int, x: Int, y: Int, _ allocator: ByteBufferAllocator) -> ByteBuffer? {
        guard let (offset, count) = file.tileRange(z: z, x: x, y: y) else { return nil }
        var answer = allocator.buffer(capacity: count + end.utf8.count + tagStart.utf8.count + 150)
        answer.writeStaticString("HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ncontent-length: ")
        answer.writeNumber(count)
        answer.writeStaticString("\r\n")
        writeTag(z, x, y, &answer)
        let read = answer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { file.read(offset: offset, into: .init(rebasing: $0[..<count])) }
        return read == count ? answer : nil
    }

    /// The answer to who has this tile already.
    func notModified(z: Int, x: Int, y: Int, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        var answer = allocator.buffer(capacity: end.utf8.count + tagStart.utf8.count + 100)
        answer.writeStaticString("HTTP/1.1 304 Not Modified\r\n")
        writeTag(z, x, y, &answer)
        return answer
    }

    private func writeTag(_ z: Int, _ x: Int, _ y: Int, _ answer: inout ByteBuffer) {
        answer.writeString(tagStart)
        answer.writeNumber(z)
        answer.writeInteger(UInt8(ascii: "-"))
        answer.writeNumber(x)
        answer.writeInteger(UInt8(ascii: "-"))
        answer.writeNumber(y)
        answer.writeString(end)
    }
}

extension ByteBuffer {
    /// The digits of a number that is not negative.
    fileprivate mutating func writeNumber(_ number: Int) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: 20) { target in
            var (rest, count) = (number, 1)
            while rest > 9 { (rest, count) = (rest / 10, count + 1) }
            rest = number
            for place in (0..<count).reversed() {
                target[place] = UInt8(0x30 + rest % 10)
                rest /= 10
            }
            return count
        }
    }
}
