import Foundation

/// Gaussian blur of middle width on an image that is halved once or several times, and doubled as often afterwards.
///
/// Halving and doubling weight by the binomials 1 5 10 10 5 1, whose response falls to nothing where a frequency would be mistaken for
/// a low one. The kernel in between is the Gaussian divided by the response of both, so that what differs from the Gaussian is this mistaking
/// alone: of a grating of the worst frequency 1 / 600 of its amplitude when σ is 2.6 pixels, 1 / 24,000 when it is 5.2.
struct HalvedBlur {
    private let halvings: Int
    private let kernel: GaussianKernel

    /// How often an image can be halved; none for a narrow Gaussian.
    /// - Parameter fineness: 4 for an error below 8 bits, 8 for one of some of 16 bits.
    static func halvings(sigma: Double, fineness: Double) -> Int {
        var (count, width) = (0, sigma)
        while width >= 0.65 * fineness {
            count += 1
            width /= 2
        }
        return count
    }

    /// - Parameter halvings: from 1 on.
    init(sigma: Double, halvings: Int) {
        self.halvings = halvings
        let scale = Double(1 << halvings)
        // Response at frequencies up to half a cycle per small pixel.
        let steps = 256
        let response = (0...steps).map { step in
            let frequency = Double.pi * Double(step) / Double(2 * steps) / scale
            var gain = exp(-2 * sigma * sigma * frequency * frequency)
            for level in 0..<halvings { gain /= pow(cos(frequency * Double(1 << level)), 10) }
            return gain
        }
        let radius = Int(4 * sigma / scale + 0.5)
        let bell = (0...radius).map { place in
            (0...steps).reduce(0.0) { sum, step in
                let share = step == 0 || step == steps ? 0.5 : 1.0
                return sum + share * response[step] * cos(Double.pi * Double(step * place) / Double(steps))
            }
        }
        let sum = 2 * bell.reduce(0, +) - bell[0]
        kernel = GaussianKernel(weights: bell.map { Float($0 / sum) })
    }

    /// Rows of the blurred plane from top to bottom, samples as in the plane.
    func blurRows<Sample>(_ plane: SamplePlane<Sample>, _ body: (Int, UnsafePointer<Float>) -> Void) {
        // Beyond its right and lower ends the image goes on mirrored as far as anything is read, because these ends need not be ends of small pixels.
        let margin = (kernel.radius + 8) << halvings
        let unit = 1 << halvings
        let (width, height) = ((plane.width + margin) / unit * unit, (plane.height + margin) / unit * unit)
        var halves: [RowHalving] = []
        var doubles: [RowDoubling] = []
        for level in 0..<halvings {
            halves.append(RowHalving(width: width >> level, height: height >> level, channels: plane.channels))
            // The last small pixels are only read by their neighbours.
            let (wide, high) = level == 0 ? (plane.width, plane.height) : ((width >> level) - 2, (height >> level) - 2)
            doubles.append(RowDoubling(width: wide, height: high, channels: plane.channels))
        }
        defer {
            for half in halves { half.deallocate() }
            for double in doubles { double.deallocate() }
        }
        let (halving, doubling) = (halves, doubles)
        func fill(_ level: Int, _ y: Int, _ target: UnsafeMutablePointer<Float>) {
            if level == 1 {
                halving[0].fill(y, target, ofRows: plane)
            } else {
                halving[level - 1].fill(y, target) { fill(level - 1, $0, $1) }
            }
        }
        func finish(_ level: Int, _ y: Int, _ row: UnsafePointer<Float>) {
            doubling[level - 1].add(y, row) { level == 1 ? body($0, $1) : finish(level - 1, $0, $1) }
        }
        GaussianKernel.blurRows(
            width: width / unit, height: height / unit, channels: plane.channels, horizontal: kernel, vertical: kernel,
            fill: { fill(halvings, $0, $1) }, { finish(halvings, $0, $1) })
    }
}

/// Rows of half an image made from rows of the whole.
private final class RowHalving {
    private let width: Int
    private let height: Int
    private let channels: Int
    /// Six rows of the whole, row y in slot y % 6; one for their sum; two for its even and odd places.
    private let rows: UnsafeMutablePointer<Float>
    private let sums: UnsafeMutablePointer<Float>
    private let even: UnsafeMutablePointer<Float>
    private let odd: UnsafeMutablePointer<Float>
    private let half: UnsafeMutablePointer<Float>
    private var ready = 0

    init(width: Int, height: Int, channels: Int) {
        (self.width, self.height, self.channels) = (width, height, channels)
        let (count, short) = (width * channels, width / 2 + 32)
        rows = UnsafeMutablePointer<Float>.allocate(capacity: 7 * count + 3 * short)
        rows.initialize(repeating: 0, count: 7 * count + 3 * short)
        sums = rows + 6 * count
        even = sums + count
        odd = even + short
        half = odd + short
    }

    func deallocate() { rows.deallocate() }

    /// Row `y` of the half from a plane that may be smaller than the whole, which is its mirrored continuation.
    func fill<Sample>(_ y: Int, _ target: UnsafeMutablePointer<Float>, ofRows plane: SamplePlane<Sample>) {
        let line = { (offset: Int) in plane.row(reflected(2 * y + offset, plane.height)) }
        Sample.addBinomially(line(-2), line(-1), line(0), line(1), line(2), line(3), to: sums, count: plane.rowCount)
        for x in plane.width..<max(plane.width, width) {
            let from = reflected(x, plane.width) * channels
            for channel in 0..<channels { sums[x * channels + channel] = sums[from + channel] }
        }
        halve(target)
    }

    /// Row `y` of the half from rows of the whole, which are asked for once each, from top to bottom.
    func fill(_ y: Int, _ target: UnsafeMutablePointer<Float>, _ row: (Int, UnsafeMutablePointer<Float>) -> Void) {
        let count = width * channels
        while ready <= min(height - 1, 2 * y + 3) {
            row(ready, rows + ready % 6 * count)
            ready += 1
        }
        let line = { (offset: Int) in UnsafePointer(self.rows + reflected(2 * y + offset, self.height) % 6 * count) }
        Float.addBinomially(line(-2), line(-1), line(0), line(1), line(2), line(3), to: sums, count: count)
        halve(target)
    }

    private func halve(_ target: UnsafeMutablePointer<Float>) {
        let (short, channels, even, odd, half) = (width / 2, channels, even, odd, half)
        for channel in 0..<channels {
            // Pair x of the row is element x + 1; beyond the ends it goes on mirrored.
            let line = sums + channel
            if channels == 1 {
                for x in 0..<short {
                    even[x &+ 1] = line[2 &* x]
                    odd[x &+ 1] = line[2 &* x &+ 1]
                }
            } else {
                for x in 0..<short {
                    even[x &+ 1] = line[2 &* x &* channels]
                    odd[x &+ 1] = line[(2 &* x &+ 1) &* channels]
                }
            }
            (even[0], odd[0]) = (odd[1], even[1])
            (even[short + 1], odd[short + 1]) = (odd[short], even[short])
            for x in 0..<short {
                let (outer, inner) = (even[x] + odd[x &+ 2], odd[x] + even[x &+ 2])
                half[x] = (outer + inner * 5 + (even[x &+ 1] + odd[x &+ 1]) * 10) * (1.0 / 1024)
            }
            if channels == 1 {
                target.update(from: half, count: short)
            } else {
                for x in 0..<short { target[x &* channels &+ channel] = half[x] }
            }
        }
    }
}

/// Rows of the whole image made from rows of half of it.
private final class RowDoubling {
    private let width: Int
    private let height: Int
    private let channels: Int
    /// The last three rows of the half at full width, row y in slot y % 3; one row of the result; one row of the half with mirrored ends.
    private let lines: UnsafeMutablePointer<Float>
    private let result: UnsafeMutablePointer<Float>
    private let padded: UnsafeMutablePointer<Float>
    /// Room of a line: whole pairs.
    private let room: Int

    /// - Parameter width: of the whole, as `height`; the half may reach farther.
    init(width: Int, height: Int, channels: Int) {
        (self.width, self.height, self.channels) = (width, height, channels)
        room = (width + 1) / 2 * 2 * channels
        lines = UnsafeMutablePointer<Float>.allocate(capacity: 5 * room + 4)
        lines.initialize(repeating: 0, count: 5 * room + 4)
        result = lines + 3 * room
        padded = result + room
    }

    func deallocate() { lines.deallocate() }

    /// Takes rows of the half from top to bottom; with each come two of the whole, as far as it goes.
    func add(_ y: Int, _ row: UnsafePointer<Float>, _ body: (Int, UnsafePointer<Float>) -> Void) {
        expand(row, lines + y % 3 * room)
        guard y > 0 else { return }
        let middle = UnsafePointer(lines + (y - 1) % 3 * room)
        let (above, below) = (y == 1 ? middle : UnsafePointer(lines + (y - 2) % 3 * room), UnsafePointer(lines + y % 3 * room))
        for (row, near, far) in [(2 * y - 2, above, below), (2 * y - 1, below, above)] where row < height {
            let (count, result) = (width &* channels, result)
            for x in 0..<count { result[x] = (near[x] * 5 + middle[x] * 10 + far[x]) * (1.0 / 256) }
            body(row, UnsafePointer(result))
        }
    }

    private func expand(_ row: UnsafePointer<Float>, _ line: UnsafeMutablePointer<Float>) {
        let (pairs, channels, padded) = ((width + 1) / 2, channels, padded)
        for channel in 0..<channels {
            // One more than is doubled: the half reaches beyond the whole.
            for x in 0...pairs { padded[x &+ 1] = row[x &* channels &+ channel] }
            padded[0] = padded[1]
            let to = line + channel
            if channels == 1 {
                for x in 0..<pairs {
                    let (before, middle, after) = (padded[x], padded[x &+ 1] * 10, padded[x &+ 2])
                    to[2 &* x] = before * 5 + middle + after
                    to[2 &* x &+ 1] = before + middle + after * 5
                }
            } else {
                for x in 0..<pairs {
                    let (before, middle, after) = (padded[x], padded[x &+ 1] * 10, padded[x &+ 2])
                    to[2 &* x &* channels] = before * 5 + middle + after
                    to[(2 &* x &+ 1) &* channels] = before + middle + after * 5
                }
            }
        }
    }
}
