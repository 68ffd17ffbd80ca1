/// Bodies of plankton, drawn from memory of a microscope: simple shapes with thin legs, hairs and horns.
extension Sketch {
    static func body(_ kind: DemoKind, _ random: inout DemoRandom) -> Sketch {
        switch kind {
        case .copepod: copepod(&random)
        case .nauplius: nauplius(&random)
        case .chain: chain(&random)
        case .centric: centric(&random)
        case .ceratium: ceratium(&random)
        case .radiolarian: radiolarian(&random)
        case .foraminifer: foraminifer(&random)
        case .pellet: pellet(&random)
        case .aggregate: preconditionFailure("aggregates are drawn with what they hold, by `aggregate`")
        case .speck: speck(&random)
        }
    }

    /// Points on a curve that begins in a direction and bends evenly.
    private static func arc(_ x: Double, _ y: Double, turns: Double, bend: Double, length: Double, steps: Int) -> [(Double, Double)] {
        var points = [(x, y)]
        for step in 0..<steps {
            let direction = Turn(turns + bend * (Double(step) + 0.5) / Double(steps))
            let last = points[step]
            points.append((last.0 + direction.cos * length / Double(steps), last.1 + direction.sin * length / Double(steps)))
        }
        return points
    }

    /// Length of the body is 1; head to the right.
    private static func copepod(_ random: inout DemoRandom) -> Sketch {
        let length = random.between(80, 190)
        var s = Sketch(turns: random.unit(), size: length, texture: random.next())
        let fat = random.between(0.85, 1.15)
        let hair = Brush(opacity: 0.66, tint: Brush.clear, depth: 1)
        let limb = Brush(opacity: 0.68, tint: Brush.clear, depth: 1.5)
        // Antennae first: the body lies over their roots.
        let open = random.between(0.20, 0.27)
        for side in [1.0, -1] {
            let bend = random.between(0.06, 0.17) * side
            let antenna = arc(0.44, 0.03 * side, turns: open * side, bend: bend, length: random.between(0.62, 0.85), steps: 12)
            s.hair(antenna, 1.9, 1.0, hair)
            for index in stride(from: 3, through: 12, by: 3) {
                let from = antenna[index]
                let tip = Turn((open + 0.10) * side + bend)
                s.hair([from, (from.0 + tip.cos * 0.07, from.1 + tip.sin * 0.07)], 0.9, 0.8, hair)
            }
        }
        // Swimming legs along the belly.
        let belly = random.chance(0.5) ? 1.0 : -1
        for index in 0..<5 {
            let x = 0.24 - 0.095 * Double(index)
            let lean = random.between(0.56, 0.66)
            let knee = Turn(lean * 1), foot = Turn(lean + 0.07)
            let (kx, ky) = (x + knee.cos * 0.10, (0.11 * fat + abs(knee.sin) * 0.075) * belly)
            s.hair([(x, 0.10 * fat * belly), (kx, ky), (kx + foot.cos * 0.09, ky + abs(foot.sin) * 0.05 * belly)], 2.0, 1.0, limb)
        }
        let shell = Brush(opacity: 0.56, tint: Brush.clear, rim: 0.24, texture: 0.22, depth: 11)
        // Prosome, then the four rings of the tail, then the fork with its hairs.
        s.spindle(
            [(0.42, 0, 0.062 * fat), (0.33, 0, 0.112 * fat), (0.20, 0, 0.143 * fat), (0.05, 0, 0.152 * fat), (-0.10, 0, 0.135 * fat), (-0.22, 0, 0.082 * fat)],
            shell)
        let ring = Brush(opacity: 0.60, tint: Brush.clear, rim: 0.15, texture: 0.15, depth: 4)
        for index in 0..<4 {
            let x = -0.26 - 0.062 * Double(index)
            s.cone(x, 0, 0.042 * fat - 0.004 * Double(index), x - 0.05, 0, 0.038 * fat - 0.004 * Double(index), ring)
        }
        for side in [1.0, -1] {
            s.cone(-0.49, 0.012 * side, 0.013, -0.55, 0.028 * side, 0.010, ring)
            for index in 0..<3 {
                let spread = Turn(0.5 - (0.02 + 0.035 * Double(index)) * side)
                s.hair([(-0.55, 0.028 * side), (-0.55 + spread.cos * 0.15, 0.028 * side + spread.sin * 0.15)], 1.0, 0.8, hair)
            }
        }
        // Rings of the body, gut, eye, sometimes a drop of oil.
        let seam = Brush(opacity: 0.70, tint: Brush.brown, depth: 1)
        for (x, half) in [(0.16, 0.135), (0.04, 0.14), (-0.06, 0.13), (-0.15, 0.105)] {
            s.hair([(x + 0.012, -half * fat), (x - 0.004, -half * fat / 2), (x - 0.010, 0), (x - 0.004, half * fat / 2), (x + 0.012, half * fat)], 0.7, 0.7, seam)
        }
        s.cone(0.20, 0, 0.030, -0.18, 0, 0.022, Brush(opacity: 0.78, tint: Brush.brown, texture: 0.3, depth: 3))
        if random.chance(0.55) {
            s.ellipse(0.0, -0.055 * fat * belly, 0.15, 0.042, Brush(opacity: 0.74, tint: Brush.orange, rim: 0.1, depth: 4))
        }
        s.ellipse(0.415, 0, 0.022, 0.022, Brush(opacity: 0.92, tint: Brush.red, depth: 1))
        return s
    }

    private static func nauplius(_ random: inout DemoRandom) -> Sketch {
        var s = Sketch(turns: random.unit(), size: random.between(34, 56), texture: random.next())
        let limb = Brush(opacity: 0.66, tint: Brush.clear, depth: 1.5)
        for side in [1.0, -1] {
            for (index, turns) in [0.10, 0.21, 0.33].enumerated() {
                let x = 0.26 - 0.2 * Double(index)
                let points = arc(x, 0.2 * side, turns: turns * side, bend: random.between(0.02, 0.09) * side, length: random.between(0.55, 0.75), steps: 5)
                s.hair(points, 2.2, 1.0, limb)
                let tip = points[5]
                for spread in [-0.06, 0.06] {
                    let d = Turn(turns * side + spread + 0.05 * side)
                    s.hair([tip, (tip.0 + d.cos * 0.2, tip.1 + d.sin * 0.2)], 0.9, 0.8, limb)
                }
            }
        }
        s.cone(0.16, 0, 0.36, -0.34, 0, 0.20, Brush(opacity: 0.60, tint: Brush.clear, rim: 0.22, texture: 0.3, depth: 8))
        s.ellipse(-0.06, 0, 0.24, 0.13, Brush(opacity: 0.74, tint: Brush.brown, texture: 0.3, depth: 4))
        s.ellipse(0.38, 0, 0.06, 0.06, Brush(opacity: 0.92, tint: Brush.red, depth: 1))
        return s
    }

    private static func chain(_ random: inout DemoRandom) -> Sketch {
        let cells = 4 + random.below(9)
        var s = Sketch(turns: random.unit(), size: 1, texture: random.next())
        let half = random.between(8, 13), pitch = half * random.between(1.75, 2.15)
        let spines = random.chance(0.5)
        let wall = Brush(opacity: 0.55, tint: Brush.green, rim: 0.28, texture: 0.25, depth: 6)
        let hair = Brush(opacity: 0.64, tint: Brush.gray, depth: 1)
        let bend = random.between(-0.16, 0.16)
        let path = arc(0, 0, turns: -bend / 2, bend: bend, length: pitch * Double(cells), steps: cells)
        let middle = path[cells / 2]
        for index in 0..<cells {
            let (a, b) = (path[index], path[index + 1])
            let (x, y) = ((a.0 + b.0) / 2 - middle.0, (a.1 + b.1) / 2 - middle.1)
            let (ux, uy) = ((b.0 - a.0) / pitch, (b.1 - a.1) / pitch)
            if index + 1 < cells {  // threads to the next cell: two of them leave a gap between
                for side in [0.62, -0.62] {
                    let (ox, oy) = (-uy * half * side, ux * half * side)
                    s.cone(x + ox, y + oy, 1.7, x + ux * pitch + ox, y + uy * pitch + oy, 1.7, hair)
                }
            }
            if spines {
                for (fx, fy) in [(1.0, 1.0), (1, -1), (-1, 1), (-1, -1)] {
                    let root = (x + ux * fx * half * 0.4 - uy * fy * half * 0.8, y + uy * fx * half * 0.4 + ux * fy * half * 0.8)
                    let length = half * random.between(1.6, 3.2)
                    s.hair(
                        [root, (root.0 + (ux * fx * 0.35 - uy * fy) * length, root.1 + (uy * fx * 0.35 + ux * fy) * length)], 1.0, 0.8, hair)
                }
            }
            let flat = half * 0.36
            s.cone(x - uy * half * 0.52, y + ux * half * 0.52, half * 0.55 + flat * 0.2, x + uy * half * 0.52, y - ux * half * 0.52, half * 0.55 + flat * 0.2, wall)
            s.ellipse(x, y, half * 0.3, half * 0.3, Brush(opacity: 0.78, tint: Brush.green, texture: 0.4, depth: 2))
        }
        return s
    }

    private static func centric(_ random: inout DemoRandom) -> Sketch {
        let radius = random.between(14, 34)
        var s = Sketch(turns: random.unit(), size: radius, texture: random.next())
        s.ellipse(0, 0, 1, random.between(0.86, 1), Brush(opacity: 0.52, tint: Brush.green, rim: 0.36, texture: 0.35, depth: 5))
        let dot = Brush(opacity: 0.80, tint: Brush.green, texture: 0.2, depth: 2)
        for ring in 1...2 {
            let count = ring * 6
            for index in 0..<count {
                let d = Turn(Double(index) / Double(count) + 0.04 * Double(ring))
                let r = 0.36 * Double(ring)
                s.ellipse(d.cos * r, d.sin * r, 0.085, 0.065, turns: random.unit(), dot)
            }
        }
        s.ellipse(0, 0, 0.16, 0.16, dot)
        return s
    }

    private static func ceratium(_ random: inout DemoRandom) -> Sketch {
        var s = Sketch(turns: random.unit(), size: random.between(17, 25), texture: random.next())
        let horn = Brush(opacity: 0.70, tint: Brush.brown, rim: 0.06, depth: 2)
        let apex = arc(0.7, 0, turns: 0, bend: random.between(-0.03, 0.03), length: random.between(3, 4.6), steps: 6)
        s.hair(apex, 4.4, 1.2, horn)
        for side in [1.0, -1] {
            let back = arc(-0.35, 0.55 * side, turns: 0.30 * side, bend: -random.between(0.20, 0.30) * side, length: random.between(2.2, 3.4), steps: 9)
            s.hair(back, 4.0, 1.1, horn)
        }
        s.ellipse(0, 0, 1.05, 0.85, Brush(opacity: 0.66, tint: Brush.brown, rim: 0.16, texture: 0.35, depth: 6))
        s.hair([(-0.1, -0.78), (-0.16, 0), (-0.1, 0.78)], 1.3, 1.3, Brush(opacity: 0.84, tint: Brush.brown, depth: 1))
        s.ellipse(0.25, 0.1, 0.34, 0.27, Brush(opacity: 0.82, tint: Brush.orange, texture: 0.3, depth: 3))
        return s
    }

    private static func radiolarian(_ random: inout DemoRandom) -> Sketch {
        let radius = random.between(16, 30)
        var s = Sketch(turns: random.unit(), size: radius, texture: random.next())
        let spine = Brush(opacity: 0.66, tint: Brush.gray, depth: 1)
        let count = 14 + random.below(12)
        for index in 0..<count {
            let d = Turn((Double(index) + random.between(-0.25, 0.25)) / Double(count))
            let length = random.between(1.7, 2.7)
            s.hair([(d.cos * 0.8, d.sin * 0.8), (d.cos * length, d.sin * length)], 1.5, 0.8, spine)
        }
        s.ellipse(0, 0, 1, 1, Brush(opacity: 0.50, tint: Brush.gray, rim: 0.30, texture: 0.5, depth: 5))
        s.ellipse(0, 0, 0.58, 0.58, Brush(opacity: 0.74, tint: Brush.brown, rim: 0.12, texture: 0.4, depth: 5))
        return s
    }

    private static func foraminifer(_ random: inout DemoRandom) -> Sketch {
        var s = Sketch(turns: random.unit(), size: random.between(15, 26), texture: random.next())
        let mirrored = random.chance(0.5) ? 1.0 : -1
        var radius = 0.34, turns = 0.0, reach = 0.2
        for index in 0..<8 {
            let d = Turn(turns * mirrored)
            s.ellipse(
                d.cos * reach, d.sin * reach, radius, radius * 0.94,
                Brush(opacity: 0.72 + 0.015 * Float(index), tint: Brush.brown, rim: 0.14, texture: 0.3, depth: 7))
            turns += 0.135
            radius *= 1.12
            reach = 0.2 + 0.62 * Double(index + 1) / 8
        }
        return s
    }

    private static func pellet(_ random: inout DemoRandom) -> Sketch {
        var s = Sketch(turns: random.unit(), size: 1, texture: random.next())
        let half = random.between(14, 38), radius = random.between(6.5, 11)
        let path = arc(-half, 0, turns: random.between(-0.03, 0.03), bend: random.between(-0.06, 0.06), length: 2 * half, steps: 4)
        let brush = Brush(opacity: 0.80, tint: Brush.brown, rim: 0.06, texture: 0.4, depth: 6)
        s.spindle(path.enumerated().map { ($1.0, $1.1, radius * [0.72, 1, 1.06, 0.98, 0.68][$0]) }, brush)
        return s
    }

    /// Small pellet or cell that fits into a hole of the given radius.
    static func inside(radius: Double, _ random: inout DemoRandom) -> Sketch {
        var s = Sketch(turns: random.unit(), size: radius, texture: random.next())
        let brush = Brush(opacity: 0.80, tint: Brush.brown, rim: 0.08, texture: 0.3, depth: 4)
        let half = random.between(0.1, 0.5)
        s.cone(-half, 0, 0.42, half, 0, 0.40, brush)
        return s
    }

    private static func speck(_ random: inout DemoRandom) -> Sketch {
        var s = Sketch(turns: random.unit(), size: random.between(1.2, 2.8), texture: random.next())
        s.ellipse(0, 0, 1, random.between(0.6, 1), Brush(opacity: 0.7, tint: Brush.gray, depth: 1))
        return s
    }

    /// Flake of marine snow that grew grain by grain around one or two holes; each hole's centre and free radius are returned.
    static func aggregate(_ random: inout DemoRandom) -> (Sketch, holes: [(x: Double, y: Double, radius: Double)]) {
        let radius = random.between(58, 130)
        var s = Sketch(turns: 0, size: 1, texture: random.next())
        var holes: [(x: Double, y: Double, radius: Double)] = []
        let first = random.between(13, 22), side = Turn(random.unit())
        holes.append((side.cos * radius * 0.32, side.sin * radius * 0.32, first))
        if radius > 85 {
            let second = random.between(12, 18)
            holes.append((-side.cos * (radius * 0.42), -side.sin * (radius * 0.42), second))
        }
        let rim = ValueNoise(seed: random.next(), cell: 14)
        var grains: [(x: Double, y: Double, r: Double)] = []
        func isFree(_ x: Double, _ y: Double, _ r: Double) -> Bool {
            for hole in holes {
                let (dx, dy) = (x - hole.x, y - hole.y)
                let keep = hole.radius * (0.85 + 0.3 * rim.at(x + 300, y + 300)) + r + 1.5
                if dx * dx + dy * dy < keep * keep { return false }
            }
            return true
        }
        func add(_ x: Double, _ y: Double, _ r: Double) {
            grains.append((x, y, r))
            let pale = random.unit()
            s.ellipse(
                x, y, r, r * random.between(0.65, 1), turns: random.unit(),
                Brush(opacity: Float(0.50 + 0.26 * pale), tint: pale > 0.75 ? Brush.green : Brush.brown, rim: 0.04, texture: 0.7, depth: 5))
        }
        // A closed ring of grains around each hole, so that it is a hole at every reading.
        for hole in holes {
            let count = Int(hole.radius * 1.25)
            for index in 0..<count {
                let d = Turn((Double(index) + random.between(-0.2, 0.2)) / Double(count))
                let r = random.between(5.5, 9)
                let reach = hole.radius + r + random.between(1, 4)
                grains.append((hole.x + d.cos * reach, hole.y + d.sin * reach, r))
                s.ellipse(
                    hole.x + d.cos * reach, hole.y + d.sin * reach, r, r,
                    Brush(opacity: Float(random.between(0.54, 0.72)), tint: Brush.brown, rim: 0.04, texture: 0.6, depth: 5))
            }
        }
        if holes.count == 2 {  // a bridge makes one flake of both rings
            let (a, b) = (holes[0], holes[1])
            for index in 0...24 {
                let t = Double(index) / 24
                let (x, y) = (a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t)
                if isFree(x, y, 5) { add(x, y, 7) }
            }
        }
        let wanted = grains.count + Int(radius * radius / 11)
        var tries = 0
        let outline = ValueNoise(seed: random.next(), cell: radius * 0.55)
        while grains.count < wanted, tries < wanted * 8 {
            tries += 1
            // Young grains grow on: arms and bays instead of a ball.
            let from = grains[max(random.below(grains.count), random.below(grains.count))]
            let r = random.between(3, 9), d = Turn(random.unit())
            // Overlap of a third keeps the flake in one piece.
            let reach = (from.r * 0.65 + r) * 0.62
            let (x, y) = (from.x + d.cos * reach, from.y + d.sin * reach)
            // Lobes: the flake reaches farther in some directions.
            let lobe = 0.62 + 0.38 * outline.at(x * 0.9 + 500, y * 0.9 + 500) * 1.6
            guard x * x + y * y < radius * radius * lobe * lobe, isFree(x, y, r) else { continue }
            add(x, y, r)
        }
        // Loose threads at the rim.
        for _ in 0..<5 {
            let from = grains[random.below(grains.count)]
            let thread = arc(from.x, from.y, turns: random.unit(), bend: random.between(-0.3, 0.3), length: random.between(15, 38), steps: 5)
            if thread.allSatisfy({ isFree($0.0, $0.1, 2) }) { s.hair(thread, 1.6, 0.9, Brush(opacity: 0.6, tint: Brush.gray, depth: 1)) }
        }
        return (s, holes)
    }
}
