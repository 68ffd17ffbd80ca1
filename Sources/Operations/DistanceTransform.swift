import Raster

extension Mask {
    /// Squared distance from every foreground pixel to the nearest background pixel; 0 on background.
    ///
    /// - Parameter outsideIsBackground: whether pixels beyond `bounds` count as background. Where they do not and there is no
    ///   background at all, all distances are `Int32.max`.
    /// - Returns: image of the size of `bounds`; pixel (0, 0) is the corner of `bounds`.
    /// - Complexity: linear in the pixels of `bounds`, with early ends inside the foreground's runs.
    /// - Source: Meijster, Roerdink & Hesselink 2000, doi:10.1007/0-306-47025-X_36; exact, equals SciPy's `distance_transform_edt` squared.
    public func squaredDistances(outsideIsBackground: Bool = true) -> Image<Int32> {
        let (width, height) = (bounds.width, bounds.height)
        let far = Int32(width + height + 1)
        var distances = Image<Int32>(width: width, height: height, repeating: 0)
        distances.withMutableBuffer { target in
            guard let pixels = target.baseAddress else { return }
            // Vertical distance: down, then up; only foreground pixels are visited.
            for run in runs {
                let row = Int(run.y) - bounds.y
                for x in (Int(run.first) - bounds.x)...(Int(run.last) - bounds.x) {
                    let above = row > 0 ? pixels[(row - 1) * width + x] : (outsideIsBackground ? 0 : far)
                    pixels[row * width + x] = min(far, above + 1)
                }
            }
            for run in runs.reversed() {
                let row = Int(run.y) - bounds.y
                for x in (Int(run.first) - bounds.x)...(Int(run.last) - bounds.x) {
                    let below = row + 1 < height ? pixels[(row + 1) * width + x] : (outsideIsBackground ? 0 : far)
                    pixels[row * width + x] = min(pixels[row * width + x], min(far, below + 1))
                }
            }
            // Along each run: lower envelope of parabolas. Background just beyond its ends gives parabolas of height 0.
            var column = [Int](repeating: 0, count: width + 2)
            var heights = [Int](repeating: 0, count: width + 2)
            var starts = [Int](repeating: 0, count: width + 2)
            var buffer = [Int32](repeating: 0, count: width)
            for run in runs {
                let line = pixels + (Int(run.y) - bounds.y) * width
                let (first, last) = (Int(run.first) - bounds.x, Int(run.last) - bounds.x)
                var count = 0
                func push(_ x: Int, _ height: Int) {
                    let square = height * height
                    var start = first
                    while count > 0 {
                        // First pixel where the new parabola is lower than the last one.
                        let (u, g) = (column[count - 1], heights[count - 1])
                        start = floorDivide(x * x - u * u + square - g, 2 * (x - u)) + 1
                        if start > starts[count - 1] { break }
                        count -= 1
                        start = first
                    }
                    if start > last { return }
                    (column[count], heights[count], starts[count]) = (x, square, max(start, first))
                    count += 1
                }
                if first > 0 || outsideIsBackground { push(first - 1, 0) }
                for x in first...last where line[x] < far { push(x, Int(line[x])) }
                if last < width - 1 || outsideIsBackground { push(last + 1, 0) }
                if count == 0 {
                    for x in first...last { buffer[x] = .max }
                } else {
                    var index = 0
                    for x in first...last {
                        while index + 1 < count, starts[index + 1] <= x { index += 1 }
                        let distance = x - column[index]
                        buffer[x] = Int32(clamping: distance * distance + heights[index])
                    }
                }
                for x in first...last { line[x] = buffer[x] }
            }
        }
        return distances
    }
}
