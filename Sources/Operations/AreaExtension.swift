import Raster

extension Image {
    /// Copy in which pixels outside of `area` have the level of the nearest pixel of it in their row, of two the left one; rows that `area`
    /// leaves out are those of the nearest row that it does not, of two the upper one.
    ///
    /// What lies outside then says nothing about averages inside: the image goes on beyond the area as if its edge pixels did.
    /// - Returns: the image itself when the area is empty.
    /// - Complexity: one pass.
    public func extended(beyond area: Mask) -> Image {
        let runs = area.clipped(to: bounds).runs
        guard !runs.isEmpty else { return self }
        var result = self
        result.withMutableBuffer { pixels in
            func fill(_ y: Int, _ from: Int, _ to: Int, with pixel: Pixel) {
                if from < to { pixels[(y * width + from)..<(y * width + to)].update(repeating: pixel) }
            }
            var filled: [Int] = []
            var index = 0
            while index < runs.count {
                let y = Int(runs[index].y)
                var end = 0
                fill(y, 0, Int(runs[index].first), with: pixels[y * width + Int(runs[index].first)])
                while index < runs.count, Int(runs[index].y) == y {
                    if end > 0 {
                        // The gap between two runs: its left half, and the middle, go on as the left one ends.
                        let (first, count) = (Int(runs[index].first), Int(runs[index].first) - end)
                        fill(y, end, end + (count + 1) / 2, with: pixels[y * width + end - 1])
                        fill(y, end + (count + 1) / 2, first, with: pixels[y * width + first])
                    }
                    end = Int(runs[index].last) + 1
                    index += 1
                }
                fill(y, end, width, with: pixels[y * width + end - 1])
                filled.append(y)
            }
            var above = 0
            for y in 0..<height {
                while above + 1 < filled.count, filled[above + 1] <= y { above += 1 }
                let nearest = above + 1 < filled.count && filled[above + 1] - y < abs(y - filled[above]) ? filled[above + 1] : filled[above]
                guard nearest != y, let base = pixels.baseAddress else { continue }
                (base + y * width).update(from: base + nearest * width, count: width)
            }
        }
        return result
    }
}
