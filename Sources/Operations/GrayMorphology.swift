import Raster

extension Image where Pixel == UInt8 {
    /// Every pixel becomes the brightest one under the brush around it; pixels beyond the image do not count.
    ///
    /// - Precondition: radii are not negative.
    /// - Complexity: rectangles: pixels × log of the width, independent of the height; disks: pixels × radius; 16 pixels at a time.
    /// - Source: van Herk 1992, doi:10.1016/0167-8655(92)90069-C; equals OpenCV's `dilate` and, away from the rim, SciPy's `grey_dilation`.
    public func dilated(_ brush: Brush) -> Image { brightened(brush) }

    /// Every pixel becomes the darkest one under the brush around it; pixels beyond the image do not count.
    public func eroded(_ brush: Brush) -> Image { complemented.brightened(brush).complemented }

    /// Eroded, then dilated: takes away what is bright and narrower than the brush.
    public func opened(_ brush: Brush) -> Image { eroded(brush).dilated(brush) }

    /// Dilated, then eroded: takes away what is dark and narrower than the brush.
    public func closed(_ brush: Brush) -> Image { dilated(brush).eroded(brush) }
}

extension Image where Pixel == UInt16 {
    /// Every pixel becomes the brightest one under the brush around it, see the 8-bit version.
    public func dilated(_ brush: Brush) -> Image { brightened(brush) }

    /// Every pixel becomes the darkest one under the brush around it.
    public func eroded(_ brush: Brush) -> Image { complemented.brightened(brush).complemented }

    /// Eroded, then dilated: takes away what is bright and narrower than the brush.
    public func opened(_ brush: Brush) -> Image { eroded(brush).dilated(brush) }

    /// Dilated, then eroded: takes away what is dark and narrower than the brush.
    public func closed(_ brush: Brush) -> Image { dilated(brush).eroded(brush) }
}

extension Image where Pixel: FixedWidthInteger & UnsignedInteger {
    /// Dark and bright exchanged, which makes an erosion of a dilation.
    @inline(__always) fileprivate var complemented: Image {
        Image(width: width, height: height) { target in
            withBuffer { source in
                for index in 0..<source.count { target[index] = ~source[index] }
            }
        }
    }

    @inline(__always) fileprivate func brightened(_ brush: Brush) -> Image {
        guard !isEmpty else { return self }
        switch brush {
        case .disk(let radius):
            precondition(radius >= 0, "disk radius \(radius) is negative")
            return radius == 0 ? self : brightestInDisk(min(radius, width + height))
        case .rectangle(let x, let y):
            precondition(x >= 0 && y >= 0, "rectangle \(x), \(y) is negative")
            // More than the size of the image changes nothing.
            return brightestInRow(min(x, width)).brightestInColumn(min(y, height))
        }
    }

    /// Brightest of 2 · reach + 1 pixels of a row: windows of 1, 2, 4 … pixels, the last two overlapping.
    @inline(__always) private func brightestInRow(_ reach: Int) -> Image {
        guard reach > 0 else { return self }
        let window = 2 * reach + 1
        var padded = [Pixel](repeating: 0, count: width + 2 * reach)
        return Image(width: width, height: height) { target in
            padded.withUnsafeMutableBufferPointer { padded in
                withBuffer { source in
                    let line = padded.baseAddress!
                    for y in 0..<height {
                        line.update(repeating: 0, count: padded.count)
                        (line + reach).update(from: source.baseAddress! + y * width, count: width)
                        var size = 1
                        while 2 * size <= window {
                            for x in 0..<(padded.count &- 2 &* size &+ 1) { line[x] = Swift.max(line[x], line[x &+ size]) }
                            size *= 2
                        }
                        let row = target.baseAddress! + y * width
                        for x in 0..<width { row[x] = Swift.max(line[x], line[x &+ window &- size]) }
                    }
                }
            }
        }
    }

    /// Brightest of 2 · reach + 1 pixels of a column: every window is the end of one block of rows and the start of the next.
    @inline(__always) private func brightestInColumn(_ reach: Int) -> Image {
        guard reach > 0 else { return self }
        let window = 2 * reach + 1
        // Brightest from a row to the end of its block, for the rows of one block; and from the start of the next block.
        var ends = [Pixel](repeating: 0, count: width * window)
        var start = [Pixel](repeating: 0, count: width)
        return Image(width: width, height: height) { target in
            ends.withUnsafeMutableBufferPointer { ends in
                start.withUnsafeMutableBufferPointer { start in
                    withBuffer { source in
                        let (ends, start, source) = (ends.baseAddress!, start.baseAddress!, source.baseAddress!)
                        // Rows are counted from `reach` above the image, so that window y begins at row y.
                        @inline(__always) func brighten(_ into: UnsafeMutablePointer<Pixel>, _ row: Int) {
                            guard row >= reach, row &- reach < height else { return }
                            let line = source + (row &- reach) &* width
                            for x in 0..<width { into[x] = Swift.max(into[x], line[x]) }
                        }
                        for block in stride(from: 0, to: height, by: window) {
                            for row in (0..<window).reversed() {
                                let line = ends + row &* width
                                if row == window - 1 {
                                    line.update(repeating: 0, count: width)
                                } else {
                                    line.update(from: line + width, count: width)
                                }
                                brighten(line, block + row)
                            }
                            start.update(repeating: 0, count: width)
                            for row in 0..<Swift.min(window, height - block) {
                                if row > 0 { brighten(start, block + window + row - 1) }
                                let (line, result) = (ends + row &* width, target.baseAddress! + (block + row) * width)
                                for x in 0..<width { result[x] = Swift.max(line[x], start[x]) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Every row, widened as the disk is wide at each distance, brightens the rows at that distance.
    @inline(__always) private func brightestInDisk(_ radius: Int) -> Image {
        let half = halves(ofDisk: radius)
        var result = Image(width: width, height: height, repeating: 0)
        var lines = [Pixel](repeating: 0, count: 2 * (width + 2))
        result.withMutableBuffer { target in
            lines.withUnsafeMutableBufferPointer { lines in
                withBuffer { source in
                    var (wide, next) = (lines.baseAddress! + 1, lines.baseAddress! + width + 3)
                    for y in 0..<height {
                        wide.update(from: source.baseAddress! + y * width, count: width)
                        var reach = 0
                        for distance in (0...radius).reversed() {
                            // Wider than the image changes nothing.
                            while reach < Swift.min(half[distance], width) {
                                for x in 0..<width { next[x] = Swift.max(wide[x], Swift.max(wide[x &- 1], wide[x &+ 1])) }
                                swap(&wide, &next)
                                reach += 1
                            }
                            for row in distance == 0 ? [y] : [y - distance, y + distance] where row >= 0 && row < height {
                                let line = target.baseAddress! + row * width
                                for x in 0..<width { line[x] = Swift.max(line[x], wide[x]) }
                            }
                        }
                    }
                }
            }
        }
        return result
    }
}
