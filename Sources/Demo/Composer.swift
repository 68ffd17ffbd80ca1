import Raster

/// Places bodies in a frame: apart from each other, but for those that are meant to touch.
struct Composer {
    let frame: Rect
    var random: DemoRandom
    private(set) var objects: [DemoObject] = []
    private var circles: [(x: Double, y: Double, radius: Double)] = []

    init(frame: Rect, random: DemoRandom) {
        (self.frame, self.random) = (frame, random)
    }

    mutating func compose(_ light: UnsafeMutableBufferPointer<SIMD4<UInt16>>) {
        let share = Double(frame.area) / 3_000_000
        // Large bodies first, while there is room.
        let kinds: [DemoKind] = [.aggregate, .copepod, .chain, .ceratium, .radiolarian, .nauplius, .pellet, .centric, .foraminifer, .speck]
        for kind in kinds {
            let wanted = kind.density * share * random.between(0.8, 1.2)
            let count = Int(wanted) + (random.chance(wanted - wanted.rounded(.down)) ? 1 : 0)
            for _ in 0..<count { add(kind, light) }
        }
    }

    private mutating func add(_ kind: DemoKind, _ light: UnsafeMutableBufferPointer<SIMD4<UInt16>>) {
        if kind == .aggregate {
            let (sketch, holes) = Sketch.aggregate(&random)
            guard let place = freePlace(radius: sketch.radius), let index = lay(sketch, .aggregate, place, light) else { return }
            for hole in holes where random.chance(0.85) {
                let inner = Sketch.inside(radius: hole.radius * 0.85, &random)
                _ = lay(inner, .pellet, (place.x + hole.x, place.y + hole.y), light, parent: index)
            }
            return
        }
        let sketch = Sketch.body(kind, &random)
        guard let place = freePlace(radius: sketch.radius), let index = lay(sketch, kind, place, light), kind != .speck else { return }
        guard random.chance(0.16) else { return }
        // A neighbour that touches or crosses one of the parts of this body.
        let kinds: [DemoKind] = [.pellet, .centric, .ceratium, .foraminifer, .chain]
        let neighbour = kinds[random.below(kinds.count)]
        let other = Sketch.body(neighbour, &random)
        let anchor: (x: Double, y: Double)
        switch sketch.parts[random.below(sketch.parts.count)].shape {
        case .cone(_, _, _, let x, let y, _): anchor = (x, y)
        case .ellipse(let x, let y, _, _, _, _): anchor = (x, y)
        case .spindle(let discs): anchor = (discs[0].x, discs[0].y)
        }
        let away = Turn(random.unit()), gap = random.between(0, 12)
        _ = lay(other, neighbour, (place.x + anchor.x + away.cos * gap, place.y + anchor.y + away.sin * gap), light, partner: index)
    }

    /// Draws a body; its index, or nil when nothing of it lies in the frame.
    private mutating func lay(
        _ sketch: Sketch, _ kind: DemoKind, _ place: (x: Double, y: Double), _ light: UnsafeMutableBufferPointer<SIMD4<UInt16>>, parent: Int? = nil,
        partner: Int? = nil
    ) -> Int? {
        let stamp = Stamp(sketch, x: place.x, y: place.y, frame: frame)
        let mask = stamp.mask
        guard !mask.isEmpty else { return nil }
        stamp.darken(light, frameWidth: frame.width)
        objects.append(DemoObject(kind: kind, mask: mask, parent: parent, partner: partner))
        circles.append((place.x, place.y, sketch.radius))
        return objects.count - 1
    }

    /// A place clear of all bodies before; its centre is inside the frame, so some bodies are cut by the border.
    private mutating func freePlace(radius: Double) -> (x: Double, y: Double)? {
        for _ in 0..<60 {
            let (x, y) = (random.unit() * Double(frame.width), random.unit() * Double(frame.height))
            let isFree = circles.allSatisfy { circle in
                let (dx, dy) = (x - circle.x, y - circle.y)
                let distance = radius + circle.radius + 6
                return dx * dx + dy * dy >= distance * distance
            }
            if isFree { return (x, y) }
        }
        return nil
    }
}
