import Codecs
import Testing

@Test func `the checksum is the one of PNG and ZIP`() {
    #expect(Checksum.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(Checksum.crc32([UInt8]()) == 0)
    #expect(Checksum.crc32(Array("x123456789".utf8)[1...]) == 0xCBF4_3926)
}
