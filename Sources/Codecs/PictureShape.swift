/// Size and kind of the pixels that a writer is given.
package struct PictureShape: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// 1 gray, 3 blue green red.
    package let channels: Int
    /// 8 or 16 (native order); 1 for gray rows of eight pixels a byte, highest bit first, 1 = white, which JPEG does not hold; 32 for
    /// labels, which only TIFF holds.
    package let bitsPerSample: Int

    package init(width: Int, height: Int, channels: Int, bitsPerSample: Int) {
        precondition(channels == 1 || channels == 3, "\(channels) channels")
        precondition([8, 16].contains(bitsPerSample) || ([1, 32].contains(bitsPerSample) && channels == 1), "\(bitsPerSample) bits, \(channels) channels")
        (self.width, self.height, self.channels, self.bitsPerSample) = (width, height, channels, bitsPerSample)
    }

    package var rowBytes: Int { (width * channels * bitsPerSample + 7) / 8 }

    /// - Parameter most: largest side that the format holds.
    func checked(format: String, most: Int) throws(CodecError) {
        guard bitsPerSample <= 16 || format == "TIFF" else { throw .cannotEncode(reason: "\(format) holds at most 16 bits a sample; write TIFF") }
        guard width > 0, height > 0 else { throw .cannotEncode(reason: "it has no pixels") }
        guard width <= most, height <= most else {
            throw .cannotEncode(reason: "\(format) holds at most \(most) pixels a side, and it has \(width) × \(height); write PNG or TIFF")
        }
    }
}
