import Operations
import Raster
import Testing

/// Neighbours that set each of 16 combinations of edge neighbours, and at which corners the pixel then goes in the first and second pass.
private let table: [String: (first: Set<String>, second: Set<String>)] = [
    "n": (["nw", "ne", "nw ne"], ["nw ne"]),
    "e": (["ne", "ne se"], ["se", "ne se"]),
    "s": (["se sw"], ["sw", "se sw"]),
    "w": (["nw sw"], ["sw", "nw sw"]),
    "n e": (["", "nw", "ne", "nw ne", "ne se", "nw ne se"], ["", "nw ne", "se", "ne se", "nw ne se"]),
    "e s": (["", "ne se", "se sw", "ne se sw"], ["", "se", "ne se", "sw", "ne sw", "se sw", "ne se sw"]),
    "n w": (["", "nw", "ne", "nw ne", "sw", "nw sw", "ne sw", "nw ne sw"], ["", "nw ne", "nw sw", "nw ne sw"]),
    "s w": (["", "nw", "nw sw", "se sw", "nw se sw"], ["", "se", "sw", "nw sw", "se sw", "nw se sw"]),
    "n e w": (["nw ne", "nw ne se", "nw ne sw"], []),
    "n s w": (["nw sw", "nw ne sw", "nw se sw"], []),
    "n e s": ([], ["ne se", "nw ne se", "ne se sw"]),
    "e s w": ([], ["se sw", "nw se sw", "ne se sw"]),
]

private func thinned(_ mask: Mask) -> PlainMask {
    var plain = PlainMask(mask)
    var quiet = 0
    for pass in 0... {
        let before = plain
        plain = before.map { x, y in
            guard before[x, y] else { return false }
            let edges = [("n", 0, -1), ("e", 1, 0), ("s", 0, 1), ("w", -1, 0)].filter { before[x + $0.1, y + $0.2] }.map(\.0)
            let corners = [("nw", -1, -1), ("ne", 1, -1), ("se", 1, 1), ("sw", -1, 1)].filter { before[x + $0.1, y + $0.2] }.map(\.0)
            guard let row = table[edges.joined(separator: " ")] else { return true }
            return !(pass % 2 == 0 ? row.first : row.second).contains(corners.joined(separator: " "))
        }
        quiet = plain == before ? quiet + 1 : 0
        if quiet == 2 { break }
    }
    return plain
}

@Test func `skeletons equal thinning pixel by pixel by the table`() {
    for mask in drawnMasks(seed: 4) where mask.bounds.area < 3000 {
        #expect(PlainMask(mask.skeleton()) == thinned(mask))
        #expect(mask.skeletonArea == mask.skeleton().area)
    }
}

@Test func `a drawn shape thins as in scikit-image`() {
    let shape = Mask(
        "..####....", "..####....", "..####....", "..####....", "..########", "..########", "..########", "..####....", "###.......")
    let lines = Mask(
        "....#.....", "....#.....", "...#......", "...#......", "...#....#.", "...#####..", "..#.......", "..#.......", "##........")
    #expect(shape.skeleton() == lines)
}

/// Area, Σ (x + 3 y) and Σ (x y mod 97) of the skeleton by scikit-image 0.26.
@Test(arguments: [
    ("bodies", 94, 17574, 4514), ("ring", 122, 20472, 5712), ("noise", 5273, 938_464, 250_962), ("comb", 1525, 268_276, 71805),
    ("full", 83, 14614, 4031),
])
func `larger drawn shapes thin as in scikit-image`(name: String, area: Int, sum: Int, remainders: Int) {
    let plain = PlainMask(width: 150, height: 70).map { x, y in
        func squared(_ a: Int, _ b: Int) -> (x: Int, y: Int) { ((x - a) * (x - a), (y - b) * (y - b)) }
        return switch name {
        case "bodies":
            squared(40, 33).x * 9 + squared(40, 33).y * 4 <= 4200 || squared(90, 30).x + squared(90, 30).y <= 700 || abs(x - y - 60) <= 3
        case "ring": squared(70, 35).x + squared(70, 35).y <= 1000 && squared(72, 30).x + squared(72, 30).y >= 150
        case "noise": (x * x * 7 + y * y * 13 + x * y * 5) % 23 < 14
        case "comb": x % 9 < 5 || y % 30 < 4
        default: true
        }
    }
    let skeleton = plain.mask.skeleton()
    var (total, rest) = (0, 0)
    for run in skeleton.runs {
        for x in Int(run.first)...Int(run.last) {
            total += x + 3 * Int(run.y)
            rest += x * Int(run.y) % 97
        }
    }
    #expect(skeleton.area == area && total == sum && rest == remainders)
}

@Test func `thinning keeps the number of parts and holes`() {
    for mask in drawnMasks(seed: 8) where mask.bounds.area > 100 {
        let skeleton = mask.skeleton()
        #expect(skeleton.componentCount(connectivity: .eight) == mask.componentCount(connectivity: .eight))
        #expect(skeleton.subtracting(mask).isEmpty && skeleton.bounds == mask.bounds)
    }
}
