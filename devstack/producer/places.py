"""Where generated orders go: names, cities and goods in, in Cyrillic and in Latin letters.

No line describes a real person: phone numbers use codes nobody was given, e-mail is example.com
(RFC 2606).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class People:
    """Given names and surnames that agree in gender."""

    given: tuple[str, ...]
    surnames: tuple[str, ...]


@dataclass(frozen=True)
class Country:
    """What makes a delivery look like one of this country."""

    locale: str
    currency: str
    phone: str
    zip_pattern: str
    """`#` stands for a digit."""
    cities: tuple[tuple[str, str], ...]
    """City and its region."""
    streets: tuple[str, ...]
    people: tuple[People, ...]


@dataclass(frozen=True)
class Product:
    """A thing on sale, and the range of its price in the order's currency."""

    brand: str
    name: str
    prices: tuple[int, int]
    sizes: tuple[str, ...] = ("0",)


COUNTRIES = (
    Country(
        locale="ru",
        currency="RUB",
        phone="+7000#######",
        zip_pattern="1#####",
        cities=(
            ("Москва", "Москва"),
            ("Санкт-Петербург", "Ленинградская область"),
            ("Нижний Новгород", "Нижегородская область"),
            ("Ростов-на-Дону", "Ростовская область"),
            ("Орёл", "Орловская область"),
        ),
        streets=("ул. Ленина", "пр. Мира", "ул. Щорса", "Объездная ул.", "наб. реки Мойки"),
        people=(
            People(
                ("Пётр", "Алексей", "Игорь", "Фёдор"), ("Смирнов", "Кузнецов", "Щукин", "Королёв")
            ),
            People(
                ("Ольга", "Анастасия", "Юлия", "Любовь"), ("Смирнова", "Ёлкина", "Зайцева", "Цой")
            ),
        ),
    ),
    Country(
        locale="kk",
        currency="KZT",
        phone="+7000#######",
        zip_pattern="0#####",
        cities=(("Алматы", "Алматы"), ("Өскемен", "Шығыс Қазақстан облысы"), ("Ақтөбе", "Ақтөбе")),
        streets=("Абай даңғылы", "Қабанбай батыр көшесі", "Достық даңғылы"),
        people=(
            People(("Нұрлан", "Ерлан", "Әділ"), ("Ахметов", "Жұмабаев", "Қасымов")),
            People(("Әлия", "Гүлнар", "Айгүл"), ("Ахметова", "Жұмабаева", "Қасымова")),
        ),
    ),
    Country(
        locale="be",
        currency="BYN",
        phone="+3750000#####",
        zip_pattern="22####",
        cities=(("Мінск", "Мінск"), ("Гродна", "Гродзенская вобласць"), ("Брэст", "Брэсцкая")),
        streets=("пр. Незалежнасці", "вул. Янкі Купалы", "вул. Савецкая"),
        people=(
            People(("Янка", "Алесь"), ("Ластоўскі", "Каваль")),
            People(("Алеся", "Ганна"), ("Ластоўская", "Каваль")),
        ),
    ),
    Country(
        locale="de",
        currency="EUR",
        phone="+49000######",
        zip_pattern="1####",
        cities=(("Köln", "Nordrhein-Westfalen"), ("München", "Bayern"), ("Görlitz", "Sachsen")),
        streets=("Große Straße", "Schönhauser Allee", "Am Mühlengraben"),
        people=(
            People(
                ("Jürgen", "Anneliese", "Björn", "Zoë"), ("Groß", "Müller-Lüdenscheidt", "Kühn")
            ),
        ),
    ),
    Country(
        locale="en",
        currency="USD",
        phone="+97200#####",
        zip_pattern="26#####",
        cities=(("Kiryat Mozkin", "Kraiot"), ("Haifa", "Haifa District"), ("Eilat", "Southern")),
        streets=("Ploshad Mira", "Ben Gurion Avenue", "HaNassi Boulevard"),
        people=(
            People(("Test", "Noa", "Daniel", "Siobhán"), ("Testov", "O'Connor", "Levi", "Nuñez")),
        ),
    ),
)

PRODUCTS = (
    Product("Vivienne Sabo", "Mascaras", (290, 690)),
    Product("Рассвет", "Платье летнее «Ромашка»", (1490, 5900), ("42", "44", "46", "48")),
    Product("Sturmvogel", "Rain jacket", (4900, 14900), ("S", "M", "L", "XL")),
    Product("Тёплый дом", "Плед шерстяной 140 на 200 см", (1900, 4200)),
    Product("Nordwind", "Trail running shoes", (5200, 12900), ("39", "40", "41", "42", "43½")),
    Product("Бумага и перо", "Ежедневник, 365 листов", (340, 990)),
    Product("Kühl & Söhne", 'Thermos 0.5 l, "Reise"', (1100, 2600)),
    Product("Самовар", "Чай чёрный, 100 пакетиков ☕", (180, 450)),
    Product("Lumen", "Desk lamp with USB-C", (1700, 3900)),
    Product("Детский мир", "Конструктор, 1200 деталей", (2400, 7900)),
)

BANKS = ("alpha", "sber", "tinkoff", "kaspi", "Deutsche Bank", "Беларусбанк")
DELIVERY_SERVICES = ("meest", "cdek", "boxberry", "Почта России", "dhl")
MAILBOXES = ("hello", "orders", "me", "post", "a.b", "first.last", "info+wb")
