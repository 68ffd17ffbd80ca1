import Foundation
import Raster

/// One component all of whose rows have been seen.
public struct ClosedRegion: Sendable, Hashable {
    /// Grows in raster order of first pixels; ``RegionVerdict`` refers to it.
    public let id: Int
    /// Foreground in its tight box, in image coordinates. Made anew each time for a `large` one.
    public var mask: Mask { large?.mask ?? small }
    /// The same as bits, for an object of so many runs that these would be larger; then `mask` is best left alone.
    public let large: LargeMask?
    /// Number of foreground pixels, holes not counted.
    public let area: Int
    public let touches: BorderSides
    /// The rule of size or border that drops it; nesting is decided at the end.
    public let reject: RejectRule?
    /// Without runs when it is large.
    fileprivate let small: Mask
}

/// What the rules say about one component, known when the whole image has been seen.
public struct RegionVerdict: Sendable, Hashable {
    // Small, because noise makes millions of them.
    private let storedID, storedParent, storedInner: Int32
    /// The rule that drops it; nil when it is kept.
    public let reject: RejectRule?

    public var id: Int { Int(storedID) }
    /// Index, in the list of verdicts, of the nearest enclosing region that passed the rules of size and border.
    public var parent: Int? { storedParent < 0 ? nil : Int(storedParent) }
    /// How many regions that passed those rules lie inside, at any depth.
    public var innerCount: Int { Int(storedInner) }

    fileprivate init(id: Int32, parent: Int32, inner: Int32, reject: RejectRule?) {
        (storedID, storedParent, storedInner, self.reject) = (id, parent, inner, reject)
    }
}

/// Labels an image that comes strip by strip from top to bottom, such as one larger than memory.
///
/// Components come out as soon as no run of them lies in the last row seen; the verdicts about nesting follow at the end.
/// Both together equal `regions(_:)` of the whole mask.
/// - Complexity: near-linear in the runs. Memory grows with the runs of open components, 16 bytes each or a bit for each pixel
///   of their boxes where that is less, plus 16 bytes for each place where a component starts and 8 for each where a hole may.
public final class RegionStream {
    private let frame: Rect
    private let rules: RegionRules
    private let emitsRejected: Bool
    private let largeFrom: Int
    @exclusivity(unchecked) private var nextY: Int
    @exclusivity(unchecked) private var closed: [ClosedRegion] = []

    // Only methods of this class reach what follows, one at a time; checking each access again took a tenth of the time.

    /// Runs of open components, chained; free places are chained too.
    @exclusivity(unchecked) private var nodes = GrowingBuffer<Node>()
    @exclusivity(unchecked) private var freeNode: Int32 = -1
    /// Open components that are kept as bits; each keeps its place to the end, as there are few.
    @exclusivity(unchecked) private var large: [LargeMask?] = []
    @exclusivity(unchecked) private var open = GrowingBuffer<OpenComponent>()
    @exclusivity(unchecked) private var freeSlots = GrowingBuffer<Int32>()
    @exclusivity(unchecked) private var starts = GrowingBuffer<Start>()
    @exclusivity(unchecked) private var grounds = GrowingBuffer<Ground>()
    /// The row before: its runs, their starts and the grounds left of each run and right of the last.
    @exclusivity(unchecked) private var above = Row()
    @exclusivity(unchecked) private var row = Row()

    /// - Parameters:
    ///   - frame: the whole image; its sides are those that components touch.
    ///   - emitsRejected: whether components that size or border drop come out of `takeClosed()`.
    ///   - largeFrom: fewest runs of a component that may come out as a `LargeMask`.
    public init(frame: Rect, rules: RegionRules, emitsRejected: Bool = true, largeFrom: Int = 1 << 16) {
        (self.frame, self.rules, self.emitsRejected, self.largeFrom) = (frame, rules, emitsRejected, largeFrom)
        nextY = frame.y
        // What surrounds the frame, and one run of it above the first row.
        grounds.append(Ground(up: 0, around: -1))
        above.grounds.append(0)
    }

    /// First row of the frame that an open component still reaches up to; the next row to come when there is none.
    public var firstOpenRow: Int {
        var first = nextY
        // A component has several runs in a row at most, so each is looked at more than once; rows are short.
        for index in 0..<above.runs.count {
            let slot = starts[Int(root(above.starts[index]))].slot
            first = min(first, Int(open[Int(slot)].minY))
        }
        return first
    }

    /// Takes the next rows of the image. Those of `strip.bounds` are moved below the last row seen, wherever they lie.
    public func add(_ strip: Mask) {
        let (rows, down) = (strip.bounds.height, nextY - strip.bounds.y)
        let end = nextY + rows
        precondition(
            end <= frame.maxY && (rows == 0 || strip.bounds.x == frame.x && strip.bounds.width == frame.width),
            "strip \(strip.bounds) does not fit below row \(nextY) of \(frame)")
        if down == 0 {
            strip.runs.withUnsafeBufferPointer(addRows)
        } else {
            let moved = strip.runs.map { Run(y: $0.y + Int32(down), first: $0.first, last: $0.last) }
            moved.withUnsafeBufferPointer(addRows)
        }
        while nextY < end { add(UnsafeBufferPointer(start: nil, count: 0), y: Int32(nextY)) }
    }

    /// Runs of whole rows, none of which lies above the next one.
    private func addRows(_ runs: UnsafeBufferPointer<Run>) {
        var from = 0
        while from < runs.count {
            let y = runs[from].y
            while nextY < Int(y) { add(UnsafeBufferPointer(start: nil, count: 0), y: Int32(nextY)) }
            var end = from &+ 1
            while end < runs.count, runs[end].y == y { end &+= 1 }
            add(UnsafeBufferPointer(rebasing: runs[from..<end]), y: y)
            from = end
        }
    }

    /// Components that have been closed since the last call, in the order in which they ended.
    public func takeClosed() -> [ClosedRegion] {
        defer { closed.removeAll(keepingCapacity: true) }
        return closed
    }

    /// Closes what is open, after which `takeClosed()` gives the rest. No rows may follow.
    public func close() {
        add(UnsafeBufferPointer(start: nil, count: 0), y: Int32(frame.maxY))
        nodes = GrowingBuffer()
        open = GrowingBuffer()
        large = []
    }

    /// Closes what is open and decides about nesting.
    ///
    /// - Returns: one verdict for each component, rejected ones too, in raster order of their first pixels.
    public func finish() -> [RegionVerdict] {
        close()
        var ids: [Int32] = []
        // Index of each root in the list; its slot is no longer needed.
        for id in 0..<starts.count where starts[id].up == Int32(id) {
            starts[id].slot = Int32(ids.count)
            ids.append(Int32(id))
        }
        var rejects = ids.map { starts[Int($0)].reject.rule }
        var parents = [Int32](repeating: -1, count: ids.count)
        var inner = [Int32](repeating: 0, count: ids.count)
        for index in ids.indices {
            let ground = groundRoot(starts[Int(ids[index])].surround)
            guard ground != 0 else { continue }
            var parent = starts[Int(root(grounds[Int(ground)].around))].slot
            // Parents come first in raster order, so theirs are already resolved.
            if parent >= 0, rejects[Int(parent)] != nil { parent = parents[Int(parent)] }
            parents[index] = parent
            guard rejects[index] == nil else { continue }
            while parent >= 0 {
                inner[Int(parent)] += 1
                parent = parents[Int(parent)]
            }
        }
        for index in ids.indices where rejects[index] == nil {
            switch rules.nested {
            case .outermost: if parents[index] >= 0 { rejects[index] = .nestedInside }
            case .innerOnly: if parents[index] < 0 { rejects[index] = .notInner }
            case .all: break
            }
        }
        return ids.indices.map { RegionVerdict(id: ids[$0], parent: parents[$0], inner: inner[$0], reject: rejects[$0]) }
    }

    private func add(_ runs: UnsafeBufferPointer<Run>, y: Int32) {
        nextY = Int(y) + 1
        if runs.isEmpty, above.runs.count == 0 { return }
        row.removeAll(reserving: runs.count)
        label(runs, y: y)
        labelGround(y: y)
        for index in 0..<above.runs.count {
            let id = root(above.starts[index])
            let slot = starts[Int(id)].slot
            if slot >= 0, open[Int(slot)].lastY < y { close(id, slot) }
        }
        swap(&above, &row)
    }

    /// Finds for every run of the row the component it belongs to.
    private func label(_ runs: UnsafeBufferPointer<Run>, y: Int32) {
        let reach = rules.connectivity.reach
        let count = above.runs.count
        var candidate = 0
        for index in 0..<runs.count {
            let run = runs[index]
            let (first, last) = (run.first &- reach, run.last &+ reach)
            while candidate < count, above.runs[candidate].last < first { candidate &+= 1 }
            var touching = candidate
            var id: Int32 = -1
            while touching < count, above.runs[touching].first <= last {
                let other = root(above.starts[touching])
                id = id < 0 ? other : unite(id, other)
                touching &+= 1
            }
            if touching > candidate { candidate = touching &- 1 }
            if id < 0 { id = start(y: y) }
            append(run, to: Int(starts[Int(id)].slot))
            row.runs.append(run)
            row.starts.append(id)
        }
    }

    /// The same for the background between the runs, in the frame grown by one pixel on each side.
    private func labelGround(y: Int32) {
        let reach = rules.connectivity.complement.reach
        let (count, countAbove) = (row.runs.count, above.runs.count)
        var candidate = 0
        for index in 0...count {
            let first = index == 0 ? Int32.min : row.runs[index &- 1].last &+ 1 &- reach
            let last = index == count ? Int32.max : row.runs[index].first &- 1 &+ reach
            while candidate < countAbove, above.runs[candidate].first &- 1 < first { candidate &+= 1 }
            var touching = candidate
            var id: Int32 = index == 0 || index == count ? 0 : -1
            while touching <= countAbove, touching == 0 || above.runs[touching &- 1].last &+ 1 <= last {
                let other = groundRoot(above.grounds[touching])
                if id < 0 {
                    id = other
                } else if id < other {
                    grounds[Int(other)].up = id
                } else if other < id {
                    grounds[Int(id)].up = other
                    id = other
                }
                touching &+= 1
            }
            if touching > candidate { candidate = touching &- 1 }
            if id < 0 {
                id = Int32(grounds.count)
                // The pixel left of a hole's first pixel belongs to what surrounds it.
                grounds.append(Ground(up: id, around: row.starts[index &- 1]))
            }
            row.grounds.append(id)
            if index < count {
                let start = Int(row.starts[index])
                if starts[start].surround < 0 { starts[start].surround = id }
            }
        }
    }

    private func start(y: Int32) -> Int32 {
        let slot: Int32
        let fresh = OpenComponent(first: -1, last: -1, runs: 0, area: 0, minX: .max, maxX: .min, minY: y, lastY: y, large: -1, isMerged: false, largeCheck: largeFrom)
        if freeSlots.count > 0 {
            slot = freeSlots.removeLast()
            open[Int(slot)] = fresh
        } else {
            slot = Int32(open.count)
            open.append(fresh)
        }
        let id = Int32(starts.count)
        starts.append(Start(up: id, surround: -1, slot: slot, reject: .none))
        return id
    }

    /// Makes two components one; the earlier start stays root.
    private func unite(_ a: Int32, _ b: Int32) -> Int32 {
        if a == b { return a }
        let (old, young) = a < b ? (a, b) : (b, a)
        starts[Int(young)].up = old
        let (slot, gone) = (Int(starts[Int(old)].slot), Int(starts[Int(young)].slot))
        let other = open[gone]
        if open[slot].large >= 0 || other.large >= 0 {
            uniteLarge(slot, other)
        } else {
            if open[slot].first < 0 {
                open[slot].first = other.first
            } else {
                nodes[Int(open[slot].last)].next = other.first
            }
            open[slot].last = other.last
        }
        open[slot].runs &+= other.runs
        open[slot].area &+= other.area
        open[slot].minX = min(open[slot].minX, other.minX)
        open[slot].maxX = max(open[slot].maxX, other.maxX)
        open[slot].minY = min(open[slot].minY, other.minY)
        open[slot].lastY = max(open[slot].lastY, other.lastY)
        open[slot].isMerged = true
        freeSlots.append(Int32(gone))
        return old
    }

    /// Makes bits of the runs of both, at least one of which has bits already.
    private func uniteLarge(_ slot: Int, _ other: OpenComponent) {
        if open[slot].large >= 0, other.large >= 0 {
            large[Int(open[slot].large)]!.formUnion(large[Int(other.large)]!)
            large[Int(other.large)] = nil
        } else if open[slot].large >= 0 {
            moveRuns(of: other, to: Int(open[slot].large))
        } else {
            moveRuns(of: open[slot], to: Int(other.large))
            open[slot].large = other.large
        }
        (open[slot].first, open[slot].last) = (-1, -1)
    }

    private func moveRuns(of component: OpenComponent, to place: Int) {
        guard component.first >= 0 else { return }
        var node = component.first
        while true {
            large[place]!.insert(nodes[Int(node)].run)
            if node == component.last { break }
            node = nodes[Int(node)].next
        }
        free(component)
    }

    private func free(_ component: OpenComponent) {
        guard component.first >= 0 else { return }
        nodes[Int(component.last)].next = freeNode
        freeNode = component.first
    }

    /// Makes bits of the runs of a component when they take less.
    private func considerLarge(_ slot: Int) {
        let component = open[slot]
        open[slot].largeCheck = 2 * component.runs
        let pixels = (Int(component.maxX) - Int(component.minX) + 1) * (Int(component.lastY) - Int(component.minY) + 1)
        guard pixels / 8 <= component.runs * MemoryLayout<Node>.stride * 2 else { return }
        large.append(LargeMask(frame: frame))
        moveRuns(of: component, to: large.count - 1)
        (open[slot].first, open[slot].last, open[slot].large) = (-1, -1, Int32(large.count - 1))
    }

    private func append(_ run: Run, to slot: Int) {
        open[slot].runs &+= 1
        open[slot].area &+= run.count
        open[slot].minX = min(open[slot].minX, run.first)
        open[slot].maxX = max(open[slot].maxX, run.last)
        open[slot].lastY = run.y
        if open[slot].large >= 0 {
            large[Int(open[slot].large)]!.insert(run)
            return
        }
        let place: Int32
        if freeNode >= 0 {
            place = freeNode
            freeNode = nodes[Int(place)].next
            nodes[Int(place)] = Node(run: run, next: -1)
        } else {
            place = Int32(nodes.count)
            nodes.append(Node(run: run, next: -1))
        }
        if open[slot].first < 0 { open[slot].first = place } else { nodes[Int(open[slot].last)].next = place }
        open[slot].last = place
        if open[slot].runs >= open[slot].largeCheck { considerLarge(slot) }
    }

    private func close(_ id: Int32, _ slot: Int32) {
        let component = open[Int(slot)]
        let box = Rect(minX: Int(component.minX), minY: Int(component.minY), maxX: Int(component.maxX) + 1, maxY: Int(component.lastY) + 1)
        let touches = BorderSides(of: box, in: frame)
        let reject: StoredReject =
            component.area < rules.minArea
            ? .tooSmall
            : rules.maxArea.map { component.area > $0 } ?? false ? .tooLarge : rules.border == .drop && !touches.isEmpty ? .touchesBorder : .none
        if reject == .none || emitsRejected {
            var bits: LargeMask?
            if component.large >= 0 { swap(&bits, &large[Int(component.large)]) }
            let count = bits == nil ? component.runs : 0
            var runs = [Run](unsafeUninitializedCapacity: count) { buffer, written in
                var node = component.first
                for index in 0..<count {
                    (buffer.baseAddress! + index).initialize(to: nodes[Int(node)].run)
                    node = nodes[Int(node)].next
                }
                written = count
            }
            if component.isMerged { runs.sort() }
            closed.append(
                ClosedRegion(
                    id: Int(id), large: bits, area: component.area, touches: touches, reject: reject.rule, small: Mask(bounds: box, sortedRuns: runs)))
        } else if component.large >= 0 {
            large[Int(component.large)] = nil
        }
        free(component)
        freeSlots.append(slot)
        starts[Int(id)].slot = -1
        starts[Int(id)].reject = reject
    }

    @inline(__always) private func root(_ id: Int32) -> Int32 {
        var id = id
        while starts[Int(id)].up != id {
            starts[Int(id)].up = starts[Int(starts[Int(id)].up)].up
            id = starts[Int(id)].up
        }
        return id
    }

    @inline(__always) private func groundRoot(_ id: Int32) -> Int32 {
        var id = id
        while grounds[Int(id)].up != id {
            grounds[Int(id)].up = grounds[Int(grounds[Int(id)].up)].up
            id = grounds[Int(id)].up
        }
        return id
    }
}

private struct Node: BitwiseCopyable {
    var run: Run
    var next: Int32
}

private struct OpenComponent: BitwiseCopyable {
    var first: Int32
    var last: Int32
    var runs: Int
    var area: Int
    var minX, maxX, minY, lastY: Int32
    /// Place of its bits, which then stand for the chain; −1 without.
    var large: Int32
    /// Parts were joined, so the chain is not in raster order.
    var isMerged: Bool
    /// Number of runs at which to ask again whether bits take less.
    var largeCheck: Int
}

/// Where a component starts: a run that nothing above touches. Of joined starts the first stays root.
private struct Start: BitwiseCopyable {
    var up: Int32
    /// Ground left of its first pixel.
    var surround: Int32
    /// Place among the open components; −1 once closed.
    var slot: Int32
    var reject: StoredReject
}

/// A background component; number 0 surrounds the frame.
private struct Ground: BitwiseCopyable {
    var up: Int32
    /// Start of the component left of its first pixel; of a hole that is what encloses it.
    var around: Int32
}

private enum StoredReject: UInt8, BitwiseCopyable {
    case none, tooSmall, tooLarge, touchesBorder

    var rule: RejectRule? {
        switch self {
        case .none: nil
        case .tooSmall: .tooSmall
        case .tooLarge: .tooLarge
        case .touchesBorder: .touchesBorder
        }
    }
}

private struct Row: ~Copyable {
    var runs = GrowingBuffer<Run>()
    var starts = GrowingBuffer<Int32>()
    /// One more than runs.
    var grounds = GrowingBuffer<Int32>()

    mutating func removeAll(reserving count: Int) {
        runs.removeAll(reserving: count)
        starts.removeAll(reserving: count)
        grounds.removeAll(reserving: count + 1)
    }
}

/// Array without checks of bounds and sharing, for the loops here, which take 20 elements a run.
private struct GrowingBuffer<Element: BitwiseCopyable>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>
    private var capacity = 16
    private(set) var count = 0

    init() {
        guard let start = malloc(16 * MemoryLayout<Element>.stride) else { fatalError("no memory for 16 elements") }
        base = start.assumingMemoryBound(to: Element.self)
    }

    deinit { Foundation.free(base) }

    @inline(__always) subscript(index: Int) -> Element {
        unsafeAddress {
            assert(index >= 0 && index < count)
            return UnsafePointer(base + index)
        }
        nonmutating unsafeMutableAddress {
            assert(index >= 0 && index < count)
            return base + index
        }
    }

    @inline(__always) mutating func append(_ element: Element) {
        if count == capacity { grow(to: 2 * capacity) }
        (base + count).initialize(to: element)
        count &+= 1
    }

    @inline(__always) mutating func removeLast() -> Element {
        count &-= 1
        return base[count]
    }

    mutating func removeAll(reserving wanted: Int) {
        count = 0
        if wanted > capacity { grow(to: wanted) }
    }

    private mutating func grow(to wanted: Int) {
        // Large memory is moved by its page table, so that old and new never stand side by side.
        guard let larger = realloc(base, wanted * MemoryLayout<Element>.stride) else { fatalError("no memory for \(wanted) elements") }
        (base, capacity) = (larger.assumingMemoryBound(to: Element.self), wanted)
    }
}
