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
    /// Pixels are shared out to cells by quadratic B-splines, the cells are blurred, and the surface is read out by quadratic B-splines.
    /// Either spline, of cells with side h, widens a point by a variance of h² / 4 and does not move it, wherever it lies in its cell; the
    /// cells are blurred by what then remains of σ². What differs from the Gaussian are moments from the third on.
    /// - Parameter fineness: cells per σ, at least 2; the error falls with its third power.
    init<Pixel: FilterPixel>(blurring image: Image<Pixel>, sigma: Double, fineness: Double) {
        (width, height, channels) = (image.width, image.height, Pixel.channels)
        columns = max(1, Int((Double(width) * fineness / sigma).rounded(.up)))
        rows = max(1, Int((Double(height) * fineness / sigma).rounded(.up)))
        let (columns, rows, count) = (columns, rows, columns * channels)
        var means = [Float](repeating: 0, count: rows * count)
        var result = means
        func kernel(_ side: Double, _ group: Int) -> GaussianKernel {
            let known = side * side / 2 + Double(group * group - 1) / 12
            return GaussianKernel(sigma: max(0, sigma * sigma - known).squareRoot() / side)
        }
        let group = max(1, image.height / rows / 8)
        let (across, down) = (kernel(Double(width) / Double(columns), 1), kernel(Double(height) / Double(rows), group))
        means.withUnsafeMutableBufferPointer { means in
            let means = means.baseAddress!
            image.withSamples { SmoothGrid.share($0, columns: columns, rows: rows, group: group, means) }
            let plane = SamplePlane(base: UnsafePointer(means), width: columns, height: rows, channels: Pixel.channels)
            result.withUnsafeMutableBufferPointer { result in
                let result = result.baseAddress!
                GaussianKernel.blurRows(plane, horizontal: across, vertical: down) { row, line in (result + row * count).update(from: line, count: count) }
            }
        }
        values = result
    }

    /// Weighted mean of the pixels around the centre of each cell. Rows are added up in groups, far lower than a cell, before they are weighted.
    private static func share<Sample>(_ plane: SamplePlane<Sample>, columns: Int, rows: Int, group: Int, _ means: UnsafeMutablePointer<Float>) {
        let (count, channels, height) = (plane.rowCount, plane.channels, plane.height)
        let across = Across(columns, plane.width)
        let lines = UnsafeMutablePointer<Float>.allocate(capacity: 4 * count)
        defer { lines.deallocate() }
        lines.initialize(repeating: 0, count: 3 * count)
        let sums = lines + 3 * count
        // Row r of cells is collected in line r % 3.
        var totals = SIMD3<Float>()
        func finish(_ row: Int) {
            let line = lines + row % 3 * count
            across.share(line, means + row * columns * channels, channels: channels, total: totals[row % 3])
            line.update(repeating: 0, count: count)
            totals[row % 3] = 0
        }
        func add(_ row: Int, _ weight: Float, _ number: Int) {
            let line = lines + row % 3 * count
            for x in 0..<count { line[x] += sums[x] * weight }
            totals[row % 3] += weight * Float(number)
        }
        var cell = 0
        for y in stride(from: 0, to: height, by: group) {
            let number = min(group, height - y)
            let position = (Double(y) + Double(number) / 2) * Double(rows) / Double(height)
            let row = min(rows - 1, Int(position))
            while cell < row {
                if cell > 0 { finish(cell - 1) }
                cell += 1
            }
            if number == 1 {
                Sample.widen(plane.row(y), sums, count: count)
            } else {
                sums.initialize(repeating: 0, count: count)
                Sample.add(plane.row(y), stride: count, rows: number, to: sums, count: count)
            }
            let (a, b, c) = SmoothGrid.weights(Float(position - Double(row) - 0.5))
            // What belongs to the mirrored rows beyond the border goes to the border's own.
            add(row, b + (row == 0 ? a : 0) + (row == rows - 1 ? c : 0), number)
            if row > 0 { add(row - 1, a, number) }
            if row < rows - 1 { add(row + 1, c, number) }
        }
        if cell > 0 { finish(cell - 1) }
        finish(cell)
    }

    /// How the pixels of a row are shared out to cells.
    private struct Across {
        private let starts: [Int]
        private let weights: [SIMD4<Float>]
        private let totals: [Float]

        init(_ cells: Int, _ width: Int) {
            var (starts, totals) = ([Int](), [Float](repeating: 0, count: cells))
            weights = (0..<width).map { x in
                let position = (Double(x) + 0.5) * Double(cells) / Double(width)
                let cell = min(cells - 1, Int(position))
                while starts.count <= cell { starts.append(x) }
                let (a, b, c) = SmoothGrid.weights(Float(position - Double(cell) - 0.5))
                totals[max(0, cell - 1)] += a
                totals[cell] += b
                totals[min(cells - 1, cell + 1)] += c
                return SIMD4(a, b, c, 0)
            }
            self.starts = starts + [width]
            self.totals = totals
        }

        func share(_ line: UnsafePointer<Float>, _ means: UnsafeMutablePointer<Float>, channels: Int, total: Float) {
            let cells = totals.count
            means.update(repeating: 0, count: cells * channels)
            weights.withUnsafeBufferPointer { weights in
                for channel in 0..<channels {
                    for cell in 0..<cells {
                        var sums = SIMD4<Float>()
                        for x in starts[cell]..<starts[cell &+ 1] { sums += weights[x] * line[x &* channels &+ channel] }
                        means[max(0, cell &- 1) &* channels &+ channel] += sums[0]
                        means[cell &* channels &+ channel] += sums[1]
                        means[min(cells &- 1, cell &+ 1) &* channels &+ channel] += sums[2]
                    }
                }
            }
            for cell in 0..<cells {
                for channel in 0..<channels { means[cell * channels + channel] /= totals[cell] * total }
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
