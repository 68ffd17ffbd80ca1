import Raster

/// How much each frame counts at each place of a mosaic, known at the centres of squares and read out in between.
public struct MosaicWeights: Sendable {
    public enum Blend: String, Sendable, CaseIterable, Codable {
        /// Each place from one frame, changing over where both show the same; a narrow transition.
        case seam
        /// Overlaps fade over from one frame to the other across their whole width.
        case feather
    }

    /// One frame's share.
    package struct Plane: Sendable {
        /// First square of the mosaic's grid.
        let x: Int
        let y: Int
        let width: Int
        let height: Int
        var values: [UInt8]
    }

    /// Pixels along the side of a square.
    package let scale: Int
    package let planes: [Plane?]

    /// - Parameters:
    ///   - levels: of every frame, evened and balanced, at one scale; nil for frames that are not placed.
    ///   - boxes: of the frames in pixels of the mosaic, which begins at (0, 0).
    ///   - transition: of a seam, in pixels, to each side.
    /// - Complexity: a few passes over the mosaic made small.
    public init(_ levels: [FrameLevels?], boxes: [Rect?], blend: Blend, transition: Int) {
        let scale = levels.compactMap { $0?.scale }.first ?? 1
        self.scale = scale
        let whole = boxes.compactMap(\.self).reduce(Rect(x: 0, y: 0, width: 0, height: 0)) { $0.union($1) }
        let (columns, rows) = ((whole.maxX + scale - 1) / scale + 1, (whole.maxY + scale - 1) / scale + 1)
        var planes = boxes.map { box -> Plane? in
            guard let box, !box.isEmpty else { return nil }
            let (x, y, maxX, maxY) = (box.x / scale, box.y / scale, (box.maxX + scale - 1) / scale, (box.maxY + scale - 1) / scale)
            return Plane(x: x, y: y, width: maxX - x, height: maxY - y, values: [UInt8](repeating: 0, count: (maxX - x) * (maxY - y)))
        }
        // Of each square the frame that lies deepest there and the next.
        var (first, second) = ([Int32](repeating: -1, count: columns * rows), [Int32](repeating: -1, count: columns * rows))
        var (depth, next) = ([Float](repeating: 0, count: columns * rows), [Float](repeating: 0, count: columns * rows))
        for (number, box) in boxes.enumerated() {
            guard let box, let plane = planes[number] else { continue }
            for row in 0..<plane.height {
                for column in 0..<plane.width {
                    let (cx, cy) = (plane.x + column, plane.y + row)
                    let own = Self.depth(box, cx, cy, scale)
                    if blend == .feather {
                        // At least 1, so that no place of a frame is without weight.
                        planes[number]!.values[row * plane.width + column] = UInt8(max(1, min(255, Double(own) * 255 / Double(max(1, min(box.width, box.height) / 2)))))
                        continue
                    }
                    let place = cy * columns + cx
                    if own > depth[place] || first[place] < 0 {
                        (second[place], next[place]) = (first[place], depth[place])
                        (first[place], depth[place]) = (Int32(number), own)
                    } else if own > next[place] || second[place] < 0 {
                        (second[place], next[place]) = (Int32(number), own)
                    }
                }
            }
        }
        if blend == .seam {
            let labels = Self.seams(levels, boxes, columns, rows, scale, first, second, depth, next, transition)
            let reach = max(0, (transition + scale / 2) / scale)
            for number in planes.indices { planes[number]?.take(labels, of: Int32(number), columns: columns, rows: rows, reach: reach) }
            // Squares that no frame fills: whoever shows a part of one has a share, lest a part be empty.
            for number in planes.indices {
                guard let plane = planes[number] else { continue }
                for row in 0..<plane.height {
                    for column in 0..<plane.width where depth[(plane.y + row) * columns + plane.x + column] <= 0 {
                        planes[number]!.values[row * plane.width + column] = max(1, plane.values[row * plane.width + column])
                    }
                }
            }
        }
        self.planes = planes
    }

    /// How far the square lies inside the box, in pixels; 0 or less where it hangs over its border.
    private static func depth(_ box: Rect, _ cx: Int, _ cy: Int, _ scale: Int) -> Float {
        let (left, top) = (cx * scale - box.x, cy * scale - box.y)
        let (right, bottom) = (box.maxX - (cx + 1) * scale, box.maxY - (cy + 1) * scale)
        let inside = min(left, top, right, bottom)
        return inside < 0 ? Float(inside) : Float(inside + 1)
    }

    /// Whose each square is. Around the line on which two frames lie equally deep, squares are given away in the order of how much the two
    /// differ there, the most different first, to the side that has reached them: so objects go whole to one side, and the border comes to lie
    /// where both show the same.
    private static func seams(
        _ levels: [FrameLevels?], _ boxes: [Rect?], _ columns: Int, _ rows: Int, _ scale: Int, _ first: [Int32], _ second: [Int32], _ depth: [Float], _ next: [Float],
        _ transition: Int
    ) -> [Int32] {
        var labels = first
        // 0 settled, from 1 on open with its cost.
        var cost = [UInt8](repeating: 0, count: columns * rows)
        func level(_ number: Int32, _ cx: Int, _ cy: Int) -> Float? {
            guard number >= 0, let frame = levels[Int(number)], let box = boxes[Int(number)] else { return nil }
            let (x, y) = (((cx * scale + scale / 2 - box.x) / scale), ((cy * scale + scale / 2 - box.y) / scale))
            guard x >= 0, y >= 0, x < frame.width, y < frame.height else { return nil }
            return frame.values[y * frame.width + x]
        }
        var differences = [Float](repeating: -1, count: columns * rows)
        var known: [Float] = []
        for cy in 0..<rows {
            for cx in 0..<columns {
                let place = cy * columns + cx
                // Open is wherever two frames overlap, so that an object of nearly the width of the overlap has room.
                guard second[place] >= 0, next[place] > 0, let a = level(first[place], cx, cy), let b = level(second[place], cx, cy) else { continue }
                // What stands out from its surroundings is better not cut either.
                var (edge, count): (Float, Float) = (0, 0)
                for (ox, oy) in [(-1, 0), (1, 0), (0, -1), (0, 1)] {
                    guard let other = level(first[place], cx + ox, cy + oy) else { continue }
                    edge += abs(other - a)
                    count += 1
                }
                let difference = abs(a - b) + 0.5 * (count > 0 ? edge / count : 0)
                differences[place] = difference
                known.append(difference)
            }
        }
        guard !known.isEmpty else { return labels }
        known.sort()
        // The transition is to stay outside of what differs, too.
        let reach = max(0, (transition + scale / 2) / scale) + 1
        differences = Self.spread(Self.spread(differences, columns, rows, reach, isAcross: true), columns, rows, reach, isAcross: false)
        let top = max(known[known.count - 1 - known.count / 200], .leastNormalMagnitude)
        for place in differences.indices where differences[place] >= 0 {
            cost[place] = UInt8(1 + min(62, 62 * (differences[place] / top).squareRoot()))
            // Close to the border of a frame there is no room for a transition, and light is worst.
            if next[place] < Float(transition + scale), next[place] < 0.4 * depth[place] { cost[place] = max(cost[place], 12) }
        }
        // Each level of cost has a queue; ties go to the nearer side, as queues are first in, first out.
        var queues = [[Int32]](repeating: [], count: 64)
        func neighbours(_ place: Int, _ body: (Int) -> Void) {
            let (x, y) = (place % columns, place / columns)
            if x > 0 { body(place - 1) }
            if x + 1 < columns { body(place + 1) }
            if y > 0 { body(place - columns) }
            if y + 1 < rows { body(place + columns) }
        }
        var isOpen = cost.map { $0 > 0 }
        for place in labels.indices where !isOpen[place] && labels[place] >= 0 {
            neighbours(place) { other in if isOpen[other] { queues[Int(cost[other])].append(Int32(other)) } }
        }
        var highest = 63
        var heads = [Int](repeating: 0, count: 64)
        while highest > 0 {
            guard heads[highest] < queues[highest].count else {
                highest -= 1
                continue
            }
            let place = Int(queues[highest][heads[highest]])
            heads[highest] += 1
            guard isOpen[place] else { continue }
            // Only one of the two that fill this square may have it.
            var votes: (first: Int, second: Int) = (0, 0)
            neighbours(place) { other in
                if isOpen[other] { return }
                if labels[other] == first[place] { votes.first += 1 } else if labels[other] == second[place] { votes.second += 1 }
            }
            labels[place] = votes.second > votes.first ? second[place] : first[place]
            isOpen[place] = false
            neighbours(place) { other in
                guard isOpen[other] else { return }
                let level = Int(cost[other])
                queues[level].append(Int32(other))
                highest = max(highest, level)
            }
        }
        return labels
    }

    /// The largest within `reach` squares along one axis, where anything is known.
    private static func spread(_ values: [Float], _ columns: Int, _ rows: Int, _ reach: Int, isAcross: Bool) -> [Float] {
        let step = isAcross ? 1 : columns
        return values.indices.map { place in
            guard values[place] >= 0 else { return values[place] }
            let at = isAcross ? place % columns : place / columns
            let last = isAcross ? columns - 1 : rows - 1
            var largest = values[place]
            for offset in max(-reach, -at)...min(reach, last - at) { largest = max(largest, values[place + offset * step]) }
            return largest
        }
    }

    /// Shares of a frame along row `y` of the mosaic, for its pixels 0 ..< `count` from `left` on.
    ///
    /// - Parameter room: for ``largestWidth`` numbers.
    /// - Returns: false when the frame has no share there at all.
    public func shares(of number: Int, row y: Int, left: Int, into shares: UnsafeMutablePointer<Float>, count: Int, room: UnsafeMutablePointer<Float>) -> Bool {
        guard let plane = planes[number] else { return false }
        let place = min(max(0, (Float(y) + 0.5) / Float(scale) - 0.5 - Float(plane.y)), Float(plane.height - 1))
        let above = Int(place)
        let (below, share) = (min(plane.height - 1, above + 1), place - Float(above))
        var any = false
        plane.values.withUnsafeBufferPointer { values in
            let (upper, lower) = (values.baseAddress! + above * plane.width, values.baseAddress! + below * plane.width)
            for column in 0..<plane.width {
                room[column] = Float(upper[column]) + (Float(lower[column]) - Float(upper[column])) * share
                any = any || room[column] > 0
            }
        }
        guard any else { return false }
        let last = plane.width - 1
        let step = 1 / Float(scale)
        var at = (Float(left) + 0.5) * step - 0.5 - Float(plane.x)
        for x in 0..<count {
            let clamped = min(max(0, at), Float(last))
            let column = Int(clamped)
            let (a, b) = (room[column], room[min(last, column &+ 1)])
            shares[x] = a + (b - a) * (clamped - Float(column))
            at += step
        }
        return true
    }

    public var largestWidth: Int { planes.compactMap { $0?.width }.max() ?? 0 }
}

extension MosaicWeights.Plane {
    /// Share of squares around that bear the frame's number, in 255ths.
    fileprivate mutating func take(_ labels: [Int32], of number: Int32, columns: Int, rows: Int, reach: Int) {
        var own = [Float](repeating: 0, count: width * height)
        for row in 0..<height {
            for column in 0..<width where labels[(y + row) * columns + x + column] == number { own[row * width + column] = 255 }
        }
        let smooth = reach > 0 ? boxMean(own, width, height, reach) : own
        for index in values.indices { values[index] = own[index] > 0 ? UInt8(max(1, smooth[index])) : UInt8(smooth[index]) }
    }
}
