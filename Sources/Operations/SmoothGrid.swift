import Raster

/// A smooth surface over an image, known at the centres of equal cells and read out by quadratic B-splines.
///
/// The cells part the image exactly (their sides need not be whole numbers), so mirroring at the border is mirroring of cells.
struct SmoothGrid: Sendable, Hashable {
    let width: Int
    let height: Int
    let channels: Int
    private let columns: Int
    private let rows: Int
    /// One value per cell and channel, row after row.
    private let values: [Float]

    /// The image blurred by a Gaussian.
    ///
    /// The mean over a cell of side h widens a point by a variance of (h² − 1) / 12, a quadratic B-spline by h² / 4 wherever the point
    /// lies in its cell; the cells are blurred by what then remains of σ². What differs from the Gaussian are moments from the third on.
    /// - Parameter fineness: cells per σ, at least 2; the error falls with its third power.
    init<Pixel: FilterPixel>(blurring image: Image<Pixel>, sigma: Double, fineness: Double) {
        (width, height, channels) = (image.width, image.height, Pixel.channels)
        columns = max(1, Int((Double(width) * fineness / sigma).rounded(.up)))
        rows = max(1, Int((Double(height) * fineness / sigma).rounded(.up)))
        let (columns, rows, count) = (columns, rows, columns * channels)
        var means = [Float](repeating: 0, count: rows * count)
        var result = means
        func kernel(_ side: Double) -> GaussianKernel {
            GaussianKernel(sigma: max(0, sigma * sigma - (side * side - 1) / 12 - side * side / 4).squareRoot() / side)
        }
        let (across, down) = (kernel(Double(width) / Double(columns)), kernel(Double(height) / Double(rows)))
        means.withUnsafeMutableBufferPointer { means in
            let means = means.baseAddress!
            image.withSamples { SmoothGrid.average($0, columns: columns, rows: rows, means) }
            let plane = SamplePlane(base: UnsafePointer(means), width: columns, height: rows, channels: Pixel.channels)
            result.withUnsafeMutableBufferPointer { result in
                let result = result.baseAddress!
                GaussianKernel.blurRows(plane, horizontal: across, vertical: down) { row, line in (result + row * count).update(from: line, count: count) }
            }
        }
        values = result
    }

    /// Mean of each cell; a pixel that lies in two cells counts for each by its share.
    private static func average<Sample>(_ plane: SamplePlane<Sample>, columns: Int, rows: Int, _ means: UnsafeMutablePointer<Float>) {
        let (count, channels) = (plane.rowCount, plane.channels)
        let across = (0..<columns).map { Share($0, of: columns, length: plane.width) }
        let area = Float(plane.width) / Float(columns) * (Float(plane.height) / Float(rows))
        let sums = UnsafeMutablePointer<Float>.allocate(capacity: 2 * count)
        let edge = sums + count
        defer { sums.deallocate() }
        for row in 0..<rows {
            let share = Share(row, of: rows, length: plane.height)
            sums.initialize(repeating: 0, count: count)
            for (y, part) in [(share.first, share.firstPart), (share.last, share.lastPart)] where part > 0 {
                Sample.widen(plane.row(y), edge, count: count)
                for x in 0..<count { sums[x] += edge[x] * part }
            }
            if share.whole.count > 0 {
                Sample.add(plane.row(share.whole.lowerBound), stride: count, rows: share.whole.count, to: sums, count: count)
            }
            for (column, share) in across.enumerated() {
                for channel in 0..<channels {
                    let line = sums + channel
                    var sum = line[share.first * channels] * share.firstPart
                    if share.lastPart > 0 { sum += line[share.last * channels] * share.lastPart }
                    // Four sums, because each addition would wait for the one before.
                    var parts = SIMD4<Float>()
                    var x = share.whole.lowerBound
                    while x &+ 4 <= share.whole.upperBound {
                        parts += SIMD4(
                            line[x &* channels], line[(x &+ 1) &* channels], line[(x &+ 2) &* channels], line[(x &+ 3) &* channels])
                        x &+= 4
                    }
                    while x < share.whole.upperBound {
                        sum += line[x &* channels]
                        x &+= 1
                    }
                    means[(row * columns + column) * channels + channel] = (sum + parts.sum()) / area
                }
            }
        }
    }

    /// Which pixels a cell covers: all of `whole`, and parts of `first` and `last` where these are greater than 0.
    private struct Share {
        let first: Int
        let firstPart: Float
        let last: Int
        let lastPart: Float
        let whole: Range<Int>

        init(_ cell: Int, of cells: Int, length: Int) {
            // In units of 1 / cells of a pixel, so that nothing is lost to rounding.
            let (start, end) = (cell * length, (cell + 1) * length)
            let (low, high) = ((start + cells - 1) / cells, end / cells)
            (first, last) = (start / cells, min(length - 1, end / cells))
            if low > high {
                (firstPart, lastPart, whole) = (Float(end - start) / Float(cells), 0, low..<low)
            } else {
                firstPart = Float(low * cells - start) / Float(cells)
                lastPart = Float(end - high * cells) / Float(cells)
                whole = low..<high
            }
        }
    }

    /// Rows of the surface from top to bottom, as many samples as the image has.
    func forEachRow(_ body: (Int, UnsafePointer<Float>) -> Void) {
        guard width > 0, height > 0 else { return }
        let count = width * channels
        let lines = UnsafeMutablePointer<Float>.allocate(capacity: 4 * count)
        defer { lines.deallocate() }
        let result = lines + 3 * count
        // Row r of cells lies in line (r + 3) % 3; rows −1 and `rows` are the mirrored border.
        var ready = -2
        for y in 0..<height {
            let position = (Double(y) + 0.5) * Double(rows) / Double(height)
            let row = min(rows - 1, Int(position))
            while ready < row + 1 {
                ready = max(ready + 1, row - 1)
                expand(row: reflected(ready, rows), lines + (ready + 3) % 3 * count)
            }
            let (a, b, c) = SmoothGrid.weights(Float(position - Double(row) - 0.5))
            let (above, middle, below) = (lines + (row + 2) % 3 * count, lines + row % 3 * count, lines + (row + 1) % 3 * count)
            for x in 0..<count { result[x] = above[x] * a + middle[x] * b + below[x] * c }
            body(y, UnsafePointer(result))
        }
    }

    /// Mean of the surface over all pixels of a channel.
    func mean(channel: Int) -> Double {
        func weights(_ cells: Int, _ length: Int) -> [Double] {
            var sums = [Double](repeating: 0, count: cells)
            for x in 0..<length {
                let position = (Double(x) + 0.5) * Double(cells) / Double(length)
                let cell = min(cells - 1, Int(position))
                let (a, b, c) = SmoothGrid.weights(Float(position - Double(cell) - 0.5))
                sums[reflected(cell - 1, cells)] += Double(a)
                sums[cell] += Double(b)
                sums[reflected(cell + 1, cells)] += Double(c)
            }
            return sums
        }
        let (across, down) = (weights(columns, width), weights(rows, height))
        var sum = 0.0
        for row in 0..<rows {
            for column in 0..<columns { sum += down[row] * across[column] * Double(values[(row * columns + column) * channels + channel]) }
        }
        return sum / (Double(width) * Double(height))
    }

    /// Weights of the cell before, the cell itself and the one after, at −0.5 ... 0.5 cells from its centre.
    private static func weights(_ t: Float) -> (Float, Float, Float) {
        ((0.5 - t) * (0.5 - t) * 0.5, 0.75 - t * t, (0.5 + t) * (0.5 + t) * 0.5)
    }

    /// One row of cells at full width.
    private func expand(row: Int, _ target: UnsafeMutablePointer<Float>) {
        values.withUnsafeBufferPointer { values in
            let line = values.baseAddress! + row * columns * channels
            let step = Float(columns) / Float(width)
            var x = 0
            for column in 0..<columns {
                // The pixels whose centres lie in this cell.
                let end = column == columns - 1 ? width : (2 * (column + 1) * width + columns - 1) / (2 * columns)
                let before = reflected(column - 1, columns) * channels
                let after = reflected(column + 1, columns) * channels
                let start = Float((Double(x) + 0.5) * Double(columns) / Double(width) - Double(column) - 0.5)
                for channel in 0..<channels {
                    let (p, q, r) = (line[before + channel], line[column * channels + channel], line[after + channel])
                    // The spline as a polynomial: one line serves all pixels of the cell.
                    let (constant, linear, square) = (0.125 * (p + r) + 0.75 * q, 0.5 * (r - p), 0.5 * (p + r) - q)
                    let to = target + x * channels + channel
                    if channels == 1 {
                        for place in 0..<(end - x) {
                            let t = start + step * Float(Int32(truncatingIfNeeded: place))
                            to[place] = constant + (linear + square * t) * t
                        }
                    } else {
                        for place in 0..<(end - x) {
                            let t = start + step * Float(Int32(truncatingIfNeeded: place))
                            to[place * channels] = constant + (linear + square * t) * t
                        }
                    }
                }
                x = end
            }
        }
    }
}
