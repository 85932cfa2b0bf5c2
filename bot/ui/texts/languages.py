"""The line for a message in a language that this installation cannot serve, in that language."""

from __future__ import annotations

from collections.abc import Mapping

NOT_SERVED: Mapping[str, str] = {
    "de": "Auf Deutsch kann ich hier noch nicht antworten. Bitte schreib es mir auf Englisch.",
    "fr": "Je ne sais pas encore répondre en français ici. Merci de m'écrire en anglais.",
    "es": "Aquí todavía no sé responder en español. Por favor, escríbeme en inglés.",
    "it": "Qui non so ancora rispondere in italiano. Per favore, scrivimi in inglese.",
    "pt": "Aqui ainda não sei responder em português. Por favor, escreva-me em inglês.",
    "nl": "Ik kan hier nog niet in het Nederlands antwoorden. Schrijf het me alsjeblieft in het "
    "Engels.",
    "pl": "Nie umiem tu jeszcze odpowiadać po polsku. Proszę, napisz do mnie po angielsku.",
    "sv": "Jag kan inte svara på svenska här ännu. Skriv gärna till mig på engelska.",
    "da": "Jeg kan ikke svare på dansk her endnu. Skriv gerne til mig på engelsk.",
    "fi": "En osaa vielä vastata täällä suomeksi. Kirjoittaisitko minulle englanniksi?",
    "cs": "Zatím tu neumím odpovídat česky. Napište mi prosím anglicky.",
    "tr": "Burada henüz Türkçe yanıt veremiyorum. Lütfen bana İngilizce yaz.",
    "hu": "Itt még nem tudok magyarul válaszolni. Kérlek, írj nekem angolul.",
    "ro": "Aici nu știu încă să răspund în română. Te rog, scrie-mi în engleză.",
    "vi": "Ở đây tôi chưa trả lời được bằng tiếng Việt. Xin hãy viết cho tôi bằng tiếng Anh.",
    "id": "Di sini saya belum bisa menjawab dalam bahasa Indonesia. Tolong tulis dalam bahasa "
    "Inggris.",
    "ru": "Здесь я пока не умею отвечать по-русски. Пожалуйста, напишите мне по-английски.",
    "uk": "Тут я ще не вмію відповідати українською. Будь ласка, напишіть мені англійською.",
    "el": "Εδώ δεν μπορώ ακόμη να απαντήσω στα ελληνικά. Γράψτε μου, παρακαλώ, στα αγγλικά.",
    "ar": "لا أستطيع الإجابة بالعربية هنا بعد. من فضلك اكتب لي بالإنجليزية.",
    "he": "אני עדיין לא יודע לענות כאן בעברית. אנא כתבו לי באנגלית.",
    "hi": "मैं यहाँ अभी हिन्दी में उत्तर नहीं दे सकता। कृपया मुझे अंग्रेज़ी में लिखें।",
    "th": "ที่นี่ฉันยังตอบเป็นภาษาไทยไม่ได้ กรุณาเขียนถึงฉันเป็นภาษาอังกฤษ",
    "ja": "ここではまだ日本語でお答えできません。英語で書いていただけますか。",
    "ko": "여기서는 아직 한국어로 답할 수 없습니다. 영어로 써 주세요.",
    "zh": "我在这里还不能用中文回答。请用英文写给我。",
}
"""By ISO 639-1 code; `router/speech/language.py` guesses these."""
