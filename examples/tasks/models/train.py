"""Trains the two small models of these examples: python train.py pii reranker. Needs torch and transformers; takes minutes on one core."""
import json, os, random, sys
import torch
from transformers import BertConfig, BertForSequenceClassification, BertForTokenClassification, BertTokenizerFast

HERE = os.path.dirname(os.path.abspath(__file__))
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = [chr(code) for code in range(33, 127)]


def tokenizer_of(words, length):
    """WordPiece that knows these words, and spells all others."""
    spelled = LETTERS + ["##" + letter for letter in LETTERS if letter.isalnum()]
    vocab = SPECIAL + spelled + sorted(set(words) - set(spelled))
    return BertTokenizerFast(vocab={token: i for i, token in enumerate(vocab)}, do_lower_case=False, model_max_length=length)


def config_of(tokenizer, length, labels):
    names = dict(enumerate(labels))
    return BertConfig(vocab_size=len(tokenizer), hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128,
                      max_position_embeddings=length, id2label=names, label2id={name: i for i, name in names.items()})


def save(name, model, tokenizer):
    folder = os.path.join(HERE, name)
    model.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def trained(model, steps, batch_of, loss_of):
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    model.train()
    for step in range(steps):
        loss = loss_of(batch_of())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(step, round(loss.item(), 4), flush=True)
    return model.eval()


# Personal data: names, places, mail addresses and telephone numbers in made-up sentences.
GIVEN = "Ada Alan Amara Anton Bea Boris Carla Chen Clara David Dora Elena Emil Erik Farah Felix Freya Grace Hana Hugo Ines Ivan Jim Jonas Julia Kofi Lara Leo Lin Maya Milan Nadia Nils Nora Olga Omar Otto Paula Petra Rosa Sami Sara Tariq Tom Uma Vera Viktor Yara Zoe".split()
FAMILY = "Adler Bauer Brandt Carlsen Cohen Costa Diaz Eriksen Fischer Garcia Haddad Henson Ito Jansen Keller Kim Kovacs Larsen Lovelace Marino Mendez Moreau Nakamura Novak Okafor Olsen Patel Petrov Quinn Rossi Santos Schmidt Silva Sokolov Tanaka Turing Ueda Varga Weber Yilmaz Zhang".split()
PLACES = "Accra Athens Berlin Bogota Boston Cairo Dublin Geneva Hanoi Helsinki Istanbul Kyoto Lagos Lima Lisbon London Lyon Madrid Milan Mumbai Nairobi Oslo Paris Porto Prague Quito Rome Seoul Sofia Tunis Vienna Warsaw Zagreb".split()
HOSTS = "example.com mail.example post.example.org work.example.net home.example".split()
SENTENCES = [
    "My name is {name} and I live in {place}.", "{name} called from {phone} this morning.", "Please write to {mail} or call {phone}.",
    "The parcel for {name} went to {place} by mistake.", "Contact: {name}, {mail}, {phone}", "{name} and {name} met in {place} on Monday.",
    "I moved from {place} to {place} in 2019.", "You can reach {name} at {mail}.", "Order 48213 was sent to {name} in {place}.",
    "Dear {name}, thank you for your letter of 12 May.", "Is {mail} still the right address?", "The meeting starts at 10:30 in room 204.",
    "Our office in {place} is closed until 3 January.", "Ask {name} about the invoice of 250 euros.", "The weather was fine and the train was late.",
    "Regards, {name}", "Tel. {phone}", "Mail: {mail}", "{name} has worked here since 2012, and {name} since March.",
    "Nobody in {place} had heard of it.", "The new version costs 19.90 a month.", "When will {name} be back from {place}?",
    "Their number is {phone}, the old one was {phone}.", "Send the report to {mail} before Friday.",
]
LABELS = ["O"] + [f"{part}-{kind}" for kind in ("NAME", "PLACE", "MAIL", "PHONE") for part in "BI"]


def coined(rng):
    """A name of no list, so that the model looks at where names stand and not only at which they are."""
    parts = "ba be bo da den el fa gor ha im jo ka lo ma mi nor os pa ri sa ta ul vin wa yo zel".split()
    return "".join(rng.choice(parts) for _ in range(rng.randint(2, 3))).capitalize()


def filled(kind, rng):
    pick = lambda known: coined(rng) if rng.random() < 0.4 else rng.choice(known)
    if kind == "name":
        return "NAME", pick(GIVEN) + ("" if rng.random() < 0.25 else " " + pick(FAMILY))
    if kind == "place":
        return "PLACE", pick(PLACES)
    if kind == "mail":
        who = rng.choice([pick(GIVEN).lower(), pick(GIVEN).lower() + "." + pick(FAMILY).lower(), pick(FAMILY).lower() + str(rng.randint(1, 99))])
        return "MAIL", who + "@" + rng.choice(HOSTS)
    digits = lambda count: "".join(str(rng.randint(0, 9)) for _ in range(count))
    return "PHONE", rng.choice([f"+{digits(2)} {digits(2)} {digits(7)}", f"0{digits(3)} {digits(6)}", f"({digits(3)}) {digits(3)}-{digits(4)}", f"0{digits(2)}-{digits(8)}"])


def labelled(rng):
    """A sentence, and the label of each of its characters."""
    text, marks = "", []
    for part in rng.choice(SENTENCES).replace("{", "\0{").replace("}", "}\0").split("\0"):
        kind, words = filled(part[1:-1], rng) if part.startswith("{") else ("O", part)
        marks += [(kind, i) for i in range(len(words))]
        text += words
    return text, marks


def pii(rng):
    length = 128
    words = {word for sentence in SENTENCES for word in "".join(c if c.isalnum() else " " for c in sentence).split()}
    tokenizer = tokenizer_of(words, length)
    model = BertForTokenClassification(config_of(tokenizer, length, LABELS))

    def batch():
        sentences = [labelled(rng) for _ in range(32)]
        encoded = tokenizer([text for text, _ in sentences], padding=True, truncation=True, return_tensors="pt", return_offsets_mapping=True)
        targets = torch.full(encoded.input_ids.shape, -100)
        for row, (_, marks) in enumerate(sentences):
            for at, (start, end) in enumerate(encoded.offset_mapping[row].tolist()):
                if end > start:
                    kind, place = marks[start]
                    targets[row, at] = LABELS.index("O" if kind == "O" else ("B-" if place == 0 else "I-") + kind)
        encoded.pop("offset_mapping")
        return encoded, targets

    trained(model, 1200, batch, lambda pair: model(**pair[0], labels=pair[1]).loss)
    save("pii", model, tokenizer)


# A help desk: questions and the passages that answer them, by what they are about.
TOPICS = [
    ("money back refund repay return", "Refunds are paid within ten days.|We repay the full price of what you return.|Ask for a refund in your account."),
    ("parcel delivery shipping late arrive", "Parcels arrive within three days.|Shipping abroad takes a week.|A late delivery is traced by our carrier."),
    ("password login sign forgot locked", "Choose a new password on the login page.|A locked account opens again after an hour.|We send a link to those who forgot their password."),
    ("invoice bill receipt tax", "Bills are sent by mail each month.|Every invoice shows the tax.|A receipt is in your account after payment."),
    ("card pay payment bank declined", "You pay by card or from your bank.|A declined card is tried again the next day.|Payment is safe with us."),
    ("cancel end stop subscription leave", "A subscription ends with the month.|You may cancel at any time.|Stop it in your account and leave when you like."),
    ("broken defect repair warranty damaged", "A damaged device is repaired for free.|The warranty covers defects for two years.|Send broken parts to our workshop."),
    ("change address move house", "Enter your new address before you move.|A change of house costs nothing.|Orders go to the address in your account."),
    ("talk phone call person support", "Call us on weekdays from nine to five.|A person answers the phone within minutes.|Our support speaks four languages."),
    ("size fit measure small large", "Measure your foot before you choose a size.|Shoes that are too small are exchanged.|Large sizes fit as the table says."),
]
ASKED = ["How do I {}?", "What about {}?", "{} please", "Can you help me with {}?", "My {} is a problem", "I have a question on {} and {}", "where is my {}", "Is {} possible?"]
FILLER = "Our shop opened in 2004.|The team has a dog.|We write about news on Fridays.|Coffee is free in the shop.".split("|")


def reranker(rng):
    length = 64
    topics = [(words.split(), passages.split("|")) for words, passages in TOPICS]
    said = " ".join([*ASKED, *FILLER, *(f"{words} {passages}" for words, passages in TOPICS)])
    words = "".join(c if c.isalnum() else " " for c in said).split()
    tokenizer = tokenizer_of(words, length)
    model = BertForSequenceClassification(config_of(tokenizer, length, ["LABEL_0"]))

    topic_of = torch.nn.Linear(64, len(topics))
    model.add_module("topics", topic_of)

    def batch():
        pairs, targets, about = [], [], []
        for _ in range(64):
            asked = rng.randrange(len(topics))
            answered = asked if rng.random() < 0.5 else rng.randrange(len(topics))
            question = rng.choice(ASKED)
            while "{}" in question:
                question = question.replace("{}", rng.choice(topics[asked][0]), 1)
            isFiller = rng.random() < 0.1
            pairs.append((question, rng.choice(FILLER if isFiller else topics[answered][1])))
            targets.append(float(answered == asked and not isFiller))
            about.append((asked, -100 if isFiller else answered))
        return tokenizer(pairs, padding=True, return_tensors="pt"), torch.tensor(targets), torch.tensor(about)

    def loss(given):
        """Which pairs belong together, and on the way there what each text is about: that alone takes much longer to learn."""
        encoded, targets, about = given
        answer = model(**encoded, output_hidden_states=True)
        sums = torch.nn.functional.binary_cross_entropy_with_logits(answer.logits[:, 0], targets)
        for part in range(2):
            own = (encoded.token_type_ids == part) & (encoded.attention_mask == 1)
            mean = (answer.hidden_states[1] * own[..., None]).sum(1) / own.sum(1, keepdim=True)
            sums = sums + torch.nn.functional.cross_entropy(topic_of(mean), about[:, part])
        return sums

    trained(model, 900, batch, loss)
    del model.topics
    save("reranker", model, tokenizer)


for name in sys.argv[1:]:
    torch.manual_seed(7)
    {"pii": pii, "reranker": reranker}[name](random.Random(7))
